import { generateKeyPairSync } from 'node:crypto';
import { isSignedBy, parseJws, signEs256, type VerificationKeys } from './cryptography.js';

const WARM_UP_ROUNDS = 500;

/** How many times a second this process can verify both credentials and sign an answer, doing nothing else. */
export function measureCryptography(keys: VerificationKeys, accessToken: string, assertion: string, seconds: number): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = parseJws(accessToken);
  const requester = parseJws(assertion);
  const round = (): void => {
    if (!isSignedBy(subject, keys.identityProvider) || !isSignedBy(requester, keys.workloads)) throw new Error('a credential is not valid');
    signEs256(subject.signingInput, privateKey);
  };

  for (let index = 0; index < WARM_UP_ROUNDS; index += 1) round();
  const start = performance.now();
  let rounds = 0;
  while (performance.now() - start < seconds * 1000) {
    round();
    rounds += 1;
  }
  return rounds / ((performance.now() - start) / 1000);
}
