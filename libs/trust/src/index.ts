export {
  AUTHENTICATION_METHODS,
  authenticateRequester,
  RequesterError,
  type AuthenticationMethod,
  type RequesterCredentials,
  type RequesterTrust,
  type VerifiedRequester,
} from './authenticate-requester.js';
export { findIssuerProblems, type IssuerProblem } from './issuer-problems.js';
export { OutgoingClient, type OutgoingSettings } from './outgoing.js';
export { LocalReplayMarks, type ReplayMarks } from './replay-marks.js';
export { ON_OUTAGE, SharedReplayMarks, type MarkStore, type OnOutage } from './shared-replay-marks.js';
export { TrustedIssuers, type IssuerStatus, type TrustSurroundings } from './trusted-issuers.js';
export {
  TokenError,
  verifyActor,
  verifySubject,
  type ActorCredential,
  type SubjectCredential,
  type VerifiedActor,
  type VerifiedSubject,
} from './verify-tokens.js';
