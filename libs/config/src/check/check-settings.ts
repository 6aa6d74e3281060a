import type { ConfigurationSettings } from '../settings/configuration-settings.js';
import { publishAheadOf } from '../settings/signer-section.js';
import type { TokenIssuerSection } from '../settings/token-issuer-section.js';
import type { Finding } from './finding.js';
import type { Soundness } from './soundness.js';
import { SECTION_OF } from './check-instances.js';

/** The form of instance names; two underscores would be a step of a path in an environment variable. */
const NAME = /^(?!.*__)[a-z][a-z0-9_]{0,62}$/;

/** Sections that map names to something. */
const NAMED = [...Object.values(SECTION_OF), 'signers', 'token_issuers'] as const;

/** Sections that need an entry before anything can be issued, and what one entry is called. */
const NEEDED = { trust_stores: 'trust store', key_managers: 'key manager', token_issuers: 'token issuer' } as const;

/** Longest life of a token, in milliseconds, unless a longer one is asked for expressly. */
const MAX_TTL = 900_000;

/** Finds what is wrong between keys that are each right by themselves. */
export function checkSettings(settings: ConfigurationSettings, soundness: Soundness): Finding[] {
  return [
    ...checkNames(settings, soundness),
    ...checkNeeded(settings, soundness),
    ...checkServer(settings, soundness),
    ...checkSigners(settings, soundness),
    ...checkTokenIssuers(settings, soundness),
    ...checkState(settings, soundness),
  ];
}

function checkNames(settings: ConfigurationSettings, { isSound }: Soundness): Finding[] {
  return NAMED.filter((section) => isSound([section])).flatMap((section) =>
    [...settings[section].keys()]
      .filter((name) => !NAME.test(name))
      .map((name) => ({
        path: [section, name],
        message: 'not a name',
        expected: 'at most 63 of a-z, 0-9 and _, beginning with a letter and without "__"',
      })),
  );
}

function checkNeeded(settings: ConfigurationSettings, { isSound }: Soundness): Finding[] {
  return Object.entries(NEEDED)
    .filter(([section]) => isSound([section]) && settings[section as keyof typeof NEEDED].size === 0)
    .map(([section, entry]) => ({ path: [section], message: 'missing', expected: `at least one ${entry}` }));
}

function checkServer({ server }: ConfigurationSettings, { isSound }: Soundness): Finding[] {
  const sound = (...path: string[]): boolean => isSound(['server', ...path]);
  const findings: Finding[] = [];
  if (['host', 'http_port', 'management_host', 'management_port'].every((key) => sound(key)) && listensTwice(server)) {
    findings.push({
      path: ['server', 'management_port'],
      expected: 'another port than server.http_port, because both listen on the same address',
    });
  }
  if (
    sound('limits', 'header_timeout') &&
    sound('limits', 'request_timeout') &&
    server.limits.header_timeout > server.limits.request_timeout
  ) {
    findings.push({ path: ['server', 'limits', 'header_timeout'], expected: 'no more than server.limits.request_timeout' });
  }
  return findings;
}

function listensTwice({ host, http_port, management_host, management_port }: ConfigurationSettings['server']): boolean {
  if (http_port !== management_port) return false;
  return host === management_host || [host, management_host].some((address) => address === '0.0.0.0' || address === '::');
}

function checkSigners({ signers, state }: ConfigurationSettings, { isSound, isWhole }: Soundness): Finding[] {
  if (!isSound(['signers'])) return [];
  return [...signers].flatMap(([name, signer]) => {
    const path = ['signers', name];
    if (!isSound(path)) return [];
    const findings: Finding[] = [];
    if (isWhole([...path, 'rotation']) && publishAheadOf(signer.rotation) >= signer.rotation.every) {
      findings.push({ path: [...path, 'rotation', 'publish_ahead'], expected: 'less than rotation.every' });
    }
    if (isSound([...path, 'shared_keys']) && isSound(['state', 'type']) && signer.shared_keys && state.type !== 'redis') {
      findings.push({
        path: [...path, 'shared_keys'],
        expected: 'no shared keys, or state.type: redis, over which replicas agree on them',
      });
    }
    if (isSound([...path, 'previous_key_manager']) && signer.previous_key_manager === signer.key_manager) {
      findings.push({ path: [...path, 'previous_key_manager'], expected: 'another key manager than key_manager' });
    }
    return findings;
  });
}

/** Keys of `state` that mean something with one type only. */
const STATE_KEYS = {
  memory: ['directory'],
  redis: ['url', 'username', 'password', 'secret', 'replica', 'replica_timeout'],
} as const;

function checkState({ state }: ConfigurationSettings, { isSound }: Soundness): Finding[] {
  if (!isSound(['state', 'type'])) return [];
  const other = state.type === 'redis' ? 'memory' : 'redis';
  const foreign = STATE_KEYS[other].filter((key) => state[key] !== undefined && isSound(['state', key]));
  const missing =
    state.type === 'redis' ? (['url', 'secret'] as const).filter((key) => state[key] === undefined && isSound(['state', key])) : [];
  return [
    ...foreign.map((key) => ({
      path: ['state', key],
      message: `this needs state.type: ${other}`,
      expected: `one of type, ${STATE_KEYS[state.type].join(', ')}`,
    })),
    ...missing.map((key) => ({ path: ['state', key], message: 'missing', expected: 'a value, as state.type is redis' })),
  ];
}

function checkTokenIssuers({ token_issuers }: ConfigurationSettings, soundness: Soundness): Finding[] {
  if (!soundness.isSound(['token_issuers'])) return [];
  const tokenTypes = new Set<string>();
  return [...token_issuers].flatMap(([name, issuer]) => [
    ...checkTtl(name, issuer, soundness),
    ...checkTokenType(name, issuer, soundness, tokenTypes),
  ]);
}

function checkTtl(name: string, issuer: TokenIssuerSection, { isSound }: Soundness): Finding[] {
  const path = ['token_issuers', name, 'ttl'];
  if (!isSound(path) || !isSound([...path.slice(0, 2), 'allow_long_ttl']) || issuer.ttl <= MAX_TTL || issuer.allow_long_ttl) return [];
  return [{ path, expected: 'at most 15m, or allow_long_ttl: true beside it' }];
}

/** Collects the token types that were met. */
function checkTokenType(name: string, issuer: TokenIssuerSection, { isSound }: Soundness, met: Set<string>): Finding[] {
  const path = ['token_issuers', name, 'token_type'];
  if (!isSound(path)) return [];
  if (!met.has(issuer.token_type)) {
    met.add(issuer.token_type);
    return [];
  }
  return [{ path, message: 'another token issuer has this token type already' }];
}
