import { registerDecorator, type ValidationArguments } from 'class-validator';
import { isJsonObject } from '../json.js';
import { SPOKEN_TOKEN_TYPES } from '../kinds/trust-store.js';
import { isLoopbackHost } from '../loopback.js';
import { INSTANCE_NAME, isScopeToken } from '../names.js';
import type { IssuerOptions } from './issuer-options.js';

const KEY_SOURCES = ['jwks_uri', 'jwks', 'jwks_file', 'discovery'] as const;

/** On `issuers`: at least one, each under a name of its own. */
export const AreNamedIssuers = rule(
  (value) => value instanceof Map && value.size > 0 && [...value.keys()].every((name) => INSTANCE_NAME.test(String(name))),
  'expected trusted issuers by their names, which are lower-case words such as corp_idp',
);

/** On `issuer`: one of the places for keys is given, and only one. */
export const HasExactlyOneKeySource = rule(
  (_value, issuer) => KEY_SOURCES.filter((source) => issuer[source] !== undefined).length === 1,
  `expected exactly one of ${KEY_SOURCES.join(', ')} beside it`,
);

/** A list that may stay empty for issuers of requesters only. */
export const TokensNeed = rule(
  (value, issuer) =>
    !(Array.isArray(issuer.accept_as) && issuer.accept_as.some((role) => role !== 'requester')) ||
    (Array.isArray(value) && value.length > 0),
  'expected at least one, because subjects or actors are accepted from this issuer',
);

/** On `token_types`: types that are a requester's own word are of use only where it is a requester. */
export const SpokenNeedRequesters = rule((value, issuer) => {
  const types: readonly unknown[] = Array.isArray(value) ? value : [];
  const roles: readonly unknown[] = Array.isArray(issuer.accept_as) ? issuer.accept_as : [];
  const { selfSigned, unsignedJson } = SPOKEN_TOKEN_TYPES;
  const isSelfSigned = types.includes(selfSigned);
  return (roles.includes('requester') || !(isSelfSigned || types.includes(unsignedJson))) && (roles.includes('subject') || !isSelfSigned);
}, 'expected accept_as to have requester for self_signed and unsigned_json, and subject too for self_signed');

/** An https URL; or http on loopback, or anywhere where `allow_http` says so. */
export const IsFetchable = rule(
  (value, issuer) => isFetchable(value, issuer.allow_http),
  'expected an https URL without credentials in it; http only on loopback or with allow_http: true',
);

/** A JWK Set with at least one key and no symmetric or private ones, which have no place in a configuration. */
export const IsKeySet = rule(
  (value) => isJsonObject(value) && Array.isArray(value['keys']) && value['keys'].length > 0 && value['keys'].every(isPublicKey),
  'expected a JWK Set {keys: […]} of public keys: RSA, EC or OKP, and without the private member d',
);

/** External scope to a list of internal ones. */
export const IsScopeMap = rule(
  (value) => value instanceof Map && [...value.values()].every((scopes) => Array.isArray(scopes) && scopes.every(isScopeToken)),
  'expected each external scope with a list of internal scopes, such as {orders.write: [trade.stocks]}',
);

/** On `issuer`: where its metadata is looked up, it is a URL. */
export const IsDiscoverable = rule(
  (value, issuer) => issuer.discovery !== true || isFetchable(value, issuer.allow_http),
  'expected an https URL without credentials in it, because its metadata is looked up there; http only on loopback or with allow_http: true',
);

/** Names of hosts, without ports. */
export const AreHosts = rule(
  (value) => Array.isArray(value) && value.every((host) => typeof host === 'string' && /^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?$/.test(host)),
  'expected names of hosts in lower case, without ports',
);

function isFetchable(value: unknown, allowHttp: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && (allowHttp === true || isLoopbackHost(hostname)));
}

function isPublicKey(key: unknown): boolean {
  return isJsonObject(key) && ['RSA', 'EC', 'OKP'].includes(String(key['kty'])) && !Object.hasOwn(key, 'd');
}

function rule(validate: (value: unknown, issuer: Readonly<Partial<IssuerOptions>>) => boolean, expected: string): () => PropertyDecorator {
  return () => (target, propertyKey) => {
    registerDecorator({
      name: 'fits',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (value: unknown, context?: ValidationArguments) => validate(value, context?.object as Readonly<Partial<IssuerOptions>>),
        defaultMessage: () => expected,
      },
    });
  };
}
