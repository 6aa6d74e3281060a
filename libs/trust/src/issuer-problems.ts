import { isSpoken, type TrustedIssuer, type TrustedRole } from '@parsec/plugin-sdk';
import { readVerificationKeys } from './verification-keys.js';

/** Something that is wrong with one trusted issuer, by itself or between it and the others. */
export interface IssuerProblem {
  /** Index of the issuer in the list that was looked at. */
  readonly index: number;
  /** The configuration key of the issuer that has to change. */
  readonly key: string;
  readonly message: string;
}

/** The form of namespaces. A colon in one would let `a:b` + `c` meet `a` + `b:c`. */
const NAMESPACE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Finds what keeps trusted issuers from being used: a name or an `iss` that two of them claim, subjects (or requesters) that
 * two of them could assert under one identifier because a namespace is missing, keys of which none is usable, and requesters
 * that could never address this service.
 * @param serviceIdentifiers what client assertions may name in `aud`, where that is known
 */
export function findIssuerProblems(
  issuers: readonly TrustedIssuer[],
  serviceIdentifiers: readonly string[] | undefined,
): readonly IssuerProblem[] {
  return [
    ...issuers.flatMap((issuer, index) => findOwnProblems(issuer, serviceIdentifiers).map((problem) => ({ index, ...problem }))),
    ...findRepeated(issuers, 'name', (issuer) => issuer.name),
    ...findRepeated(issuers, 'issuer', (issuer) => issuer.issuer),
    ...findMissingNamespaces(issuers, 'subject'),
    ...findMissingNamespaces(issuers, 'requester'),
    ...findMissingNamespaces(issuers, 'actor'),
    ...findSharedQuestions(issuers),
    ...findUnguarded(issuers),
  ];
}

function findOwnProblems(issuer: TrustedIssuer, serviceIdentifiers: readonly string[] | undefined): Omit<IssuerProblem, 'index'>[] {
  const problems: Omit<IssuerProblem, 'index'>[] = [];
  if ('jwks' in issuer.keys && (readVerificationKeys(issuer.keys.jwks)?.length ?? 0) === 0) {
    problems.push({
      key: 'jwks',
      message: 'none of its keys is usable; RSA keys have 2048 to 8192 bits, others are on P-256, P-384, P-521 or Ed25519',
    });
  }
  if ('introspection' in issuer.keys && issuer.acceptAs.includes('requester')) {
    problems.push({ key: 'accept_as', message: 'a token that is asked about cannot authenticate a requester' });
  }
  if (issuer.namespace !== undefined && !NAMESPACE.test(issuer.namespace)) {
    problems.push({ key: 'namespace', message: 'a namespace has letters, digits, dots, dashes and underscores only' });
  }
  if (
    serviceIdentifiers !== undefined &&
    issuer.acceptAs.includes('requester') &&
    requesterAudiences(issuer, serviceIdentifiers).length === 0
  ) {
    problems.push({
      key: 'audiences',
      message: 'requesters address this service, so server.issuer or the URL of its token endpoint must be among them',
    });
  }
  return problems;
}

/** An issuer of requesters alone may narrow the identifiers of this service by its `audiences`; one of subjects or actors too has them for those. */
export function requesterAudiences(issuer: TrustedIssuer, serviceIdentifiers: readonly string[]): readonly string[] {
  if (issuer.acceptAs.some((role) => role !== 'requester') || issuer.audiences.length === 0) return serviceIdentifiers;
  return serviceIdentifiers.filter((identifier) => issuer.audiences.includes(identifier));
}

function findRepeated(issuers: readonly TrustedIssuer[], key: string, valueOf: (issuer: TrustedIssuer) => string): IssuerProblem[] {
  const first = new Map<string, TrustedIssuer>();
  return issuers.flatMap((issuer, index) => {
    const other = first.get(valueOf(issuer));
    if (other === undefined) {
      first.set(valueOf(issuer), issuer);
      return [];
    }
    return [{ index, key, message: `the trusted issuer "${other.name}" has the same ${key} already` }];
  });
}

/** Who may be spoken for is told by namespaces: without one, every identifier could be that of an issuer's subject. */
function findUnguarded(issuers: readonly TrustedIssuer[]): IssuerProblem[] {
  const speaker = issuers.find(({ tokenTypes }) => tokenTypes.some(isSpoken));
  if (speaker === undefined) return [];
  return issuers.flatMap(({ acceptAs, tokenTypes, namespace }, index) => {
    const assertsSubjects = acceptAs.includes('subject') && !tokenTypes.every(isSpoken);
    if (!assertsSubjects || namespace !== undefined) return [];
    return [
      { index, key: 'namespace', message: `a namespace is required, because requesters of "${speaker.name}" may speak for subjects` },
    ];
  });
}

/** An opaque token is shown to one issuer. Patterns that overlap otherwise show when a token is refused. */
function findSharedQuestions(issuers: readonly TrustedIssuer[]): IssuerProblem[] {
  const first = new Map<string, string>();
  return issuers.flatMap(({ name, acceptAs, tokenTypes, keys }, index) => {
    const patterns = 'introspection' in keys ? keys.introspection.requesters : [];
    const questions = patterns.flatMap((requester) => acceptAs.flatMap((role) => tokenTypes.map((type) => `${role} ${type} ${requester}`)));
    const other = questions.map((question) => first.get(question)).find((found) => found !== undefined);
    for (const question of questions) if (!first.has(question)) first.set(question, name);
    if (other === undefined) return [];
    return [
      { index, key: 'requesters', message: `"${other}" is asked about the same tokens already, and a token is shown to one issuer only` },
    ];
  });
}

function findMissingNamespaces(issuers: readonly TrustedIssuer[], role: TrustedRole): IssuerProblem[] {
  const ofRole = new Set(issuers.filter((issuer) => issuer.acceptAs.includes(role)));
  if (ofRole.size < 2) return [];
  return issuers.flatMap((issuer, index) => {
    if (!ofRole.has(issuer) || issuer.namespace !== undefined) return [];
    const others = [...ofRole]
      .filter((other) => other !== issuer)
      .slice(0, 4)
      .map((other) => `"${other.name}"`);
    const named = others.length > 3 ? 'other trusted issuers' : others.join(', ');
    return [{ index, key: 'namespace', message: `a namespace is required, because ${named} can assert ${role}s too` }];
  });
}
