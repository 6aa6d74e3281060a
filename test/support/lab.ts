import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

/** Names that every configuration of the laboratory uses. */
export const TRUST_DOMAIN = 'trust-domain.example';
export const TXN_TOKEN = 'urn:ietf:params:oauth:token-type:txn_token';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const IDP = 'https://idp.example';
export const WORKLOADS = 'https://workloads.trust-domain.example';
export const GATEWAY = 'apigateway.trust-domain.example';
export const API = 'https://api.example.com';

/** A key whose private half a test holds. */
export interface LabKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function makeLabKey(alg: string, kid: string = randomUUID()): Promise<LabKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

/** Signs what it is told to, right or wrong. */
export function sign(key: LabKey, claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}

/** Seconds since the epoch. */
export const seconds = (): number => Math.floor(Date.now() / 1000);

/** An identity provider and a workload identity provider that exist as keys only. */
export class Lab {
  private constructor(
    readonly idp: LabKey,
    readonly workloads: LabKey,
  ) {}

  static async open(): Promise<Lab> {
    return new Lab(await makeLabKey('RS256', 'idp'), await makeLabKey('ES256', 'workloads'));
  }

  /** What an access token of alice says. */
  subjectClaims(changes: JWTPayload = {}): JWTPayload {
    return {
      iss: IDP,
      aud: API,
      sub: 'alice',
      exp: seconds() + 300,
      iat: seconds(),
      scope: 'orders.read orders.write',
      email: 'alice@example.com',
      ...changes,
    };
  }

  subjectToken(changes: JWTPayload = {}, header: Record<string, unknown> = {}): Promise<string> {
    return sign(this.idp, this.subjectClaims(changes), header);
  }

  assertion(audience: string, changes: JWTPayload = {}, header: Record<string, unknown> = {}): Promise<string> {
    const claims = { iss: WORKLOADS, sub: GATEWAY, aud: audience, exp: seconds() + 60, iat: seconds(), jti: randomUUID(), ...changes };
    return sign(this.workloads, claims, header);
  }

  /** The parameters of a good request, with whatever a test changes; `undefined` leaves a parameter out. */
  async form(audience: string, changes: Readonly<Record<string, string | undefined>> = {}): Promise<URLSearchParams> {
    const parameters: Record<string, string | undefined> = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: TXN_TOKEN,
      audience: TRUST_DOMAIN,
      scope: 'trade.stocks',
      subject_token: await this.subjectToken(),
      subject_token_type: ACCESS_TOKEN,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await this.assertion(audience),
      ...changes,
    };
    return new URLSearchParams(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  /** A configuration that trusts the laboratory. */
  configuration(url: string): Record<string, unknown> {
    return {
      trust_domain: TRUST_DOMAIN,
      server: { issuer: url },
      admin: { token: 'an-admin-token-for-tests' },
      trust_stores: {
        lab: {
          type: 'static',
          options: {
            issuers: {
              idp: {
                issuer: IDP,
                jwks: { keys: [this.idp.jwk] },
                accept_as: ['subject'],
                token_types: [ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt'],
                audiences: [API],
                algorithms: ['RS256'],
                namespace: 'corp',
                scope: { map: { 'orders.read': ['trade.view'], 'orders.write': ['trade.stocks', 'trade.bonds'] } },
                claims: { allow: ['email', 'level'] },
              },
              workloads: { issuer: WORKLOADS, jwks: { keys: [this.workloads.jwk] }, accept_as: ['requester'], algorithms: ['ES256'] },
            },
          },
        },
      },
      key_managers: { local: { type: 'memory' } },
      signers: { main: { key_manager: 'local' } },
      data_sources: { desk: { type: 'static', options: { data: { 'corp:alice': 'equities' } } } },
      authorizers: {
        issuance: {
          type: 'policy',
          options: {
            rules: [
              {
                name: 'gateway',
                when: `requester.sub == "${GATEWAY}"`,
                permit: {
                  trusted_issuers: ['idp'],
                  token_types: [TXN_TOKEN],
                  scopes: ['trade.stocks', 'trade.view'],
                  context: ['req_ip', 'nested'],
                  details: ['action', 'quantity', 'blob'],
                  max_ttl: '60s',
                },
              },
            ],
          },
        },
      },
      token_issuers: {
        txn_token: {
          type: 'txn_token',
          token_type: TXN_TOKEN,
          signer: 'main',
          authorizers: ['issuance'],
          claims: {
            tctx: [{ details: true }, { cel: '{"user": {"email": subject.claims.email, "desk": datasource("desk")[subject.sub]}}' }],
            rctx: [{ context: true }],
          },
        },
      },
    };
  }
}
