import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralNames,
} from '@peculiar/x509';
import { exportPKCS8 } from 'jose';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 24 * 3_600_000;

/** A certificate and its private key, as servers and clients take them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority that tests make up. */
export class Authority {
  private constructor(
    private readonly name: string,
    private readonly keys: webcrypto.CryptoKeyPair,
    /** Its own certificate, PEM. */
    readonly cert: string,
  ) {}

  static async make(name: string): Promise<Authority> {
    const keys = await makeKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, 1, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
    });
    return new Authority(name, keys, certificate.toString('pem'));
  }

  async issue(names: JsonGeneralNames): Promise<Certificate> {
    const keys = await makeKeys();
    const certificate = await X509CertificateGenerator.create({
      ...validity(),
      subject: 'CN=test',
      issuer: `CN=${this.name}`,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(false, undefined, true), new SubjectAlternativeNameExtension(names)],
    });
    return { cert: certificate.toString('pem'), key: await exportPKCS8(keys.privateKey) };
  }
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + DAY) };
}
