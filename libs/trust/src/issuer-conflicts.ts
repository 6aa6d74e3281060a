import type { TrustedIssuer, TrustedRole } from '@parsec/plugin-sdk';

/** Something that is wrong between one trusted issuer and the others. */
export interface IssuerConflict {
  /** Index of the issuer in the list that was looked at. */
  readonly index: number;
  /** The configuration key of the issuer that has to change. */
  readonly key: string;
  readonly message: string;
}

/**
 * Finds what keeps trusted issuers from standing side by side: a name or an `iss` that two of them claim, and subjects
 * (or requesters) that two of them could assert under one identifier because a namespace is missing.
 */
export function findIssuerConflicts(issuers: readonly TrustedIssuer[]): readonly IssuerConflict[] {
  return [
    ...findRepeated(issuers, 'name', (issuer) => issuer.name),
    ...findRepeated(issuers, 'issuer', (issuer) => issuer.issuer),
    ...findMissingNamespaces(issuers, 'subject'),
    ...findMissingNamespaces(issuers, 'requester'),
  ];
}

function findRepeated(issuers: readonly TrustedIssuer[], key: string, valueOf: (issuer: TrustedIssuer) => string): IssuerConflict[] {
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

function findMissingNamespaces(issuers: readonly TrustedIssuer[], role: TrustedRole): IssuerConflict[] {
  const ofRole = issuers.filter((issuer) => issuer.acceptAs.includes(role));
  if (ofRole.length < 2) return [];
  return issuers.flatMap((issuer, index) => {
    if (!ofRole.includes(issuer) || issuer.namespace !== undefined) return [];
    const others = ofRole.filter((other) => other !== issuer).map((other) => `"${other.name}"`);
    const named = others.length > 3 ? `${others.length} others` : others.join(', ');
    return [{ index, key: 'namespace', message: `a namespace is required, because ${named} can assert ${role}s too` }];
  });
}
