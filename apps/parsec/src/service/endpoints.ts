/** Paths of the public endpoints. */
export const TOKEN_PATH = 'v1/token';
export const JWKS_PATHS = ['.well-known/jwks.json', 'v1/jwks.json'];
export const METADATA_PATH = '.well-known/oauth-authorization-server';

/** The URL of the token endpoint of a service. */
export function tokenEndpoint(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/${TOKEN_PATH}`;
}

/** The URL of the JWKS of a service. */
export function jwksUri(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/${JWKS_PATHS[0]}`;
}
