"""moto's server, whose Sign takes what it is given for a message: here a digest is signed as the digest it is, as AWS KMS does.

Everything else, the checks of Sign included, is moto's own.
"""

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms.responses import KmsResponse
from moto.server import main

sign_message = KmsResponse.sign


def sign(self):
    answer = json.loads(sign_message(self))
    if self._get_param("MessageType") == "DIGEST":
        key = self.kms_backend.describe_key(self._get_param("KeyId")).private_key.private_key
        signature = sign_digest(key, self._get_param("SigningAlgorithm"), self._get_param("Message"))
        answer["Signature"] = base64.b64encode(signature).decode()
    return json.dumps(answer)


def sign_digest(key, algorithm, digest):
    hashed = Prehashed(hashes.SHA384() if algorithm.endswith("384") else hashes.SHA256())
    if algorithm.startswith("ECDSA"):
        return key.sign(digest, ec.ECDSA(hashed))
    if algorithm.startswith("RSASSA_PSS"):
        return key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH), hashed)
    return key.sign(digest, padding.PKCS1v15(), hashed)


KmsResponse.sign = sign
main()
