export {
  authenticateRequester,
  RequesterError,
  type RequesterCredentials,
  type RequesterTrust,
  type VerifiedRequester,
} from './authenticate-requester.js';
export { findIssuerConflicts, type IssuerConflict } from './issuer-conflicts.js';
export { isLoopbackHost } from './outgoing.js';
export { ReplayMarks } from './replay-marks.js';
export { TrustedIssuers, type IssuerEntry, type TrustSurroundings } from './trusted-issuers.js';
export { VERIFICATION_ALGORITHMS } from './verification-keys.js';
export { SubjectError, verifySubject, type SubjectCredential, type VerifiedSubject } from './verify-subject.js';
