import type { VerifiedRequester } from './authenticate-requester.js';
import type { TrustedIssuers } from './trusted-issuers.js';
import { checkClaims, type RefusedJwt, type VerificationPolicy, type VerifiedJwt } from './verify-jwt.js';

/** Characters of an access token (RFC 6749 appendix A.12). */
const OPAQUE = /^[\x21-\x7e]+$/;

/**
 * Has the issuer of an opaque token say what it is (RFC 7662). Requester and token type choose exactly one, so that nobody sees the token of another.
 * @throws UnavailableError where the issuer cannot be asked
 */
export async function introspect(
  token: string,
  requester: VerifiedRequester,
  issuers: TrustedIssuers,
  policy: VerificationPolicy & { readonly tokenType: string },
): Promise<VerifiedJwt | RefusedJwt> {
  if (!isOpaque(token)) return { refused: 'malformed' };
  const [entry, ...others] = issuers.findIntrospecting(policy.role, policy.tokenType, requester.principal.sub);
  if (entry?.introspection === undefined) return { refused: 'malformed' };
  if (others.length > 0) return { refused: 'issuer_ambiguous' };
  const trustedIssuer = entry.issuer.name;
  const claims = await entry.introspection.ask(token, policy.tokenType);
  if (claims === undefined) return { refused: 'inactive', trustedIssuer };
  if (claims['iss'] !== undefined && claims['iss'] !== entry.issuer.issuer) return { refused: 'issuer_untrusted', trustedIssuer };
  const verified = checkClaims(claims, entry, policy, token);
  return typeof verified === 'string' ? { refused: verified, trustedIssuer } : verified;
}

/** A JWT that is damaged, or of another kind, has an issuer too, which may not be the one that would be asked. */
function isOpaque(token: string): boolean {
  const parts = token.split('.').length;
  return OPAQUE.test(token) && parts !== 3 && parts !== 5 && !token.startsWith('eyJ');
}
