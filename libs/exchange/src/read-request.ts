import { findCredential, isScopeToken, ParsecError, parseJsonObject, type JsonObject } from '@parsec/plugin-sdk';
import type { ActorCredential, RequesterCredentials, SubjectCredential } from '@parsec/trust';
import type { FormParameters } from './form.js';
import { holdsUnsafeInteger } from './unsafe-integer.js';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';
/** More scopes than any transaction has; bounds what is compared. */
const MAX_SCOPES = 100;

/** The values of a token request that were checked against what is configured. */
export interface TokenRequest<Issuer> {
  readonly tokenIssuer: Issuer;
  readonly subject: SubjectCredential;
  readonly actor: ActorCredential | undefined;
  /** At least one, none twice. */
  readonly scope: readonly string[];
  readonly context: JsonObject;
  readonly details: JsonObject;
}

/** What requests may ask for. */
export interface RequestRules<Issuer> {
  readonly trustDomain: string;
  readonly tokenIssuers: ReadonlyMap<string, Issuer>;
  readonly acceptsTokenType: (role: 'subject' | 'actor', tokenType: string) => boolean;
  readonly maxJsonDepth: number;
}

/**
 * Picks what proves who sent the request.
 * @throws ParsecError `PARSEC_REQUEST_MALFORMED` where an assertion comes without its type or the other way round
 */
export function readCredentials(form: FormParameters, authorization: RequesterCredentials['authorization']): RequesterCredentials {
  const token = form.get('client_assertion');
  const type = form.get('client_assertion_type');
  if ((token === undefined) !== (type === undefined)) {
    throw missing(token === undefined ? 'client_assertion' : 'client_assertion_type');
  }
  const clientId = form.get('client_id');
  return {
    ...(token !== undefined && type !== undefined ? { assertion: { token, type } } : {}),
    ...(authorization === undefined ? {} : { authorization }),
    ...(clientId === undefined ? {} : { clientId }),
    hasClientSecret: form.has('client_secret'),
  };
}

/**
 * Reads the request values (SPEC section 4).
 * @throws ParsecError `PARSEC_REQUEST_…`, or `PARSEC_CONTEXT_CREDENTIAL` where the caller's context holds a credential
 */
export function readRequest<Issuer>(form: FormParameters, rules: RequestRules<Issuer>): TokenRequest<Issuer> {
  if (required(form, 'grant_type') !== TOKEN_EXCHANGE) {
    throw new ParsecError('PARSEC_REQUEST_GRANT_TYPE_UNSUPPORTED', 'another grant type', {
      publicText: 'Only token exchange is supported.',
    });
  }
  const requestedTokenType = required(form, 'requested_token_type');
  const audience = required(form, 'audience');
  const scope = required(form, 'scope');
  const subject = { token: required(form, 'subject_token'), tokenType: required(form, 'subject_token_type') };

  if (form.has('resource')) throw invalidTarget('A Txn-Token is for the trust domain; resource is not accepted.');
  if (audience !== rules.trustDomain) throw invalidTarget('The audience is not the trust domain of this service.');
  const tokenIssuer = rules.tokenIssuers.get(requestedTokenType);
  if (tokenIssuer === undefined) throw malformed('requested_token_type_unknown', 'This requested_token_type is not issued here.');
  if (subject.tokenType === REFRESH_TOKEN || !rules.acceptsTokenType('subject', subject.tokenType)) {
    throw malformed('subject_token_type_unknown', 'This subject_token_type is not accepted here.');
  }
  const actor = readActor(form, rules);
  const credentials = ['subject_token', 'client_assertion', 'actor_token'].flatMap((name) => form.get(name) ?? []);
  return {
    tokenIssuer,
    subject,
    actor,
    scope: readScope(scope),
    context: readContext(form, 'request_context', rules.maxJsonDepth, credentials),
    details: readContext(form, 'request_details', rules.maxJsonDepth, credentials),
  };
}

function required(form: FormParameters, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw missing(name);
  return value;
}

function readActor<Issuer>(form: FormParameters, rules: RequestRules<Issuer>): ActorCredential | undefined {
  const [token, tokenType] = ['actor_token', 'actor_token_type'].map((name) => form.get(name));
  if (token === undefined && tokenType === undefined) return undefined;
  if (token === undefined) throw missing('actor_token');
  if (tokenType === undefined) throw missing('actor_token_type');
  if (!rules.acceptsTokenType('actor', tokenType))
    throw malformed('actor_token_type_unknown', 'This actor_token_type is not accepted here.');
  return { token, tokenType };
}

function readScope(text: string): readonly string[] {
  const scopes = [...new Set(text.split(' '))];
  if (scopes.length > MAX_SCOPES || !scopes.every(isScopeToken) || findCredential(scopes) !== undefined) {
    throw new ParsecError('PARSEC_REQUEST_SCOPE_MALFORMED', 'the scope is malformed', { publicText: 'The scope is malformed.' });
  }
  return scopes;
}

function readContext(form: FormParameters, name: string, maxJsonDepth: number, credentials: readonly string[]): JsonObject {
  const text = form.get(name);
  if (text === undefined) return {};
  const { object, problem } = parseJsonObject(text, { maxDepth: maxJsonDepth });
  if (object === undefined) throw malformed('context_malformed', `The ${name} ${problem}.`);
  if (holdsUnsafeInteger(object)) throw malformed('context_malformed', `The ${name} holds an integer beyond 2^53; send it as a string.`);
  if (findCredential(object, credentials) !== undefined) {
    throw new ParsecError('PARSEC_CONTEXT_CREDENTIAL', `${name} holds a credential`, {
      reason: 'context_credential',
      publicText: `The ${name} must not hold a token.`,
    });
  }
  return object;
}

function missing(name: string): ParsecError {
  return malformed('parameter_missing', `The parameter ${name} is missing.`);
}

function invalidTarget(publicText: string): ParsecError {
  return new ParsecError('PARSEC_REQUEST_TARGET_INVALID', 'the target is not this trust domain', { publicText });
}

function malformed(reason: string, publicText: string): ParsecError {
  return new ParsecError('PARSEC_REQUEST_MALFORMED', publicText, { reason, publicText });
}
