/** Paths of the public endpoints, below `server.issuer`. */
export const TOKEN_PATH = 'v1/token';
export const JWKS_PATHS = ['.well-known/jwks.json', 'v1/jwks.json'] as const;
export const METADATA_PATH = '.well-known/oauth-authorization-server';

/** The URL of the token endpoint. @param issuer `server.issuer`, which has no slash at its end */
export function tokenEndpoint(issuer: string): string {
  return `${issuer}/${TOKEN_PATH}`;
}

/** The URL of the JWKS. @param issuer `server.issuer` */
export function jwksUri(issuer: string): string {
  return `${issuer}/${JWKS_PATHS[0]}`;
}

/** What client assertions may name in `aud` (RFC 7523 section 3). @param issuer `server.issuer` */
export function serviceIdentifiers(issuer: string): readonly string[] {
  return [issuer, tokenEndpoint(issuer)];
}
