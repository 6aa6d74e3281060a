import type { MappedClaim } from '@parsec/context';
import { findCredential, ParsecError, type JsonObject } from '@parsec/plugin-sdk';
import type { Signer } from '@parsec/keys';
import { v7 as uuidv7 } from 'uuid';

/** What every Txn-Token of one token type has in common. */
export interface TokenIssuerOptions {
  /** A URI. */
  readonly tokenType: string;
  readonly signer: Signer;
  /** The `aud` of every token. */
  readonly trustDomain: string;
  /** The `iss` of every token; left out, there is none. */
  readonly issuer?: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** Bytes. */
  readonly maxTokenSize: number;
}

/** What one token says. */
export interface TokenFacts {
  /** Unique within the trust domain, namespaced. */
  readonly sub: string;
  /** The identity of the authenticated requester, namespaced. */
  readonly requester: string;
  /** At least one. */
  readonly scope: readonly string[];
  readonly claims: Partial<Record<MappedClaim, JsonObject>>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The longest life that policy allows, in milliseconds. */
  readonly maxTtl?: number | undefined;
  /** Seconds since the epoch after which the token must not be valid; left out, it may outlive the subject's credential. */
  readonly notAfter?: number | undefined;
  /** The credentials of this request, which the token must not hold. */
  readonly credentials: readonly string[];
}

export interface IssuedToken {
  readonly token: string;
  readonly txn: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Mints the Txn-Tokens of one token type (draft-ietf-oauth-transaction-tokens, "Txn-Token Format"). */
export class TokenIssuer {
  constructor(readonly options: TokenIssuerOptions) {}

  get tokenType(): string {
    return this.options.tokenType;
  }

  /**
   * @throws ParsecError `PARSEC_TOKEN_CREDENTIAL` where a claim holds a credential, `PARSEC_TOKEN_TOO_LARGE`,
   *   `PARSEC_SUBJECT_REFUSED` where the subject's credential ends before a token could begin
   * @throws UnavailableError where nothing can sign
   */
  async issue(facts: TokenFacts, signal: AbortSignal): Promise<IssuedToken> {
    const { signer, trustDomain, issuer, maxTokenSize } = this.options;
    const iat = Math.floor(facts.now / 1_000);
    const exp = this.#expiry(facts, iat);
    const txn = uuidv7({ msecs: facts.now });
    const payload: JsonObject = {
      ...(issuer === undefined ? {} : { iss: issuer }),
      iat,
      exp,
      aud: trustDomain,
      txn,
      sub: facts.sub,
      scope: facts.scope.join(' '),
      req_wl: facts.requester,
      ...facts.claims,
    };
    const place = findCredential(payload, facts.credentials);
    if (place !== undefined) {
      throw new ParsecError('PARSEC_TOKEN_CREDENTIAL', `the claim ${place} holds a credential`, { reason: 'credential_in_claims' });
    }
    const token = await signer.sign(payload, signal);
    if (token.length > maxTokenSize) {
      throw new ParsecError('PARSEC_TOKEN_TOO_LARGE', `the token has ${token.length} bytes, more than ${maxTokenSize}`);
    }
    return { token, txn, expiresIn: exp - iat };
  }

  #expiry({ maxTtl = Infinity, notAfter = Infinity }: TokenFacts, iat: number): number {
    const ttl = Math.floor(Math.min(this.options.ttl, maxTtl) / 1_000);
    const exp = Math.min(iat + ttl, Math.floor(notAfter));
    if (exp <= iat)
      throw new ParsecError('PARSEC_SUBJECT_REFUSED', 'the credential ends before a token could begin', { reason: 'subject_expired' });
    return exp;
  }
}
