import type { ConfigurationSettings } from '@parsec/config';
import { ClaimMapper } from '@parsec/context';
import type { TokenRoute } from '@parsec/exchange';
import { TokenIssuer } from '@parsec/issuance';
import type { Generation } from '@parsec/kernel';
import type { Signer } from '@parsec/keys';
import { ParsecError } from '@parsec/plugin-sdk';

/**
 * Puts together what each token type needs, by token type. The configuration was checked, so every reference leads somewhere;
 * one that does not is a mistake in parsec and stops it.
 */
export function compileRoutes(
  settings: ConfigurationSettings,
  generation: Generation,
  signers: ReadonlyMap<string, Signer>,
): ReadonlyMap<string, TokenRoute> {
  const authorizers = generation.ofKind('authorizer');
  const dataSources = generation.ofKind('data_source');
  return new Map(
    [...settings.token_issuers.values()].map((options) => {
      const mapper = new ClaimMapper(options.claims);
      const route: TokenRoute = {
        mapper,
        issuer: new TokenIssuer({
          tokenType: options.token_type,
          signer: find(signers, options.signer),
          trustDomain: settings.trust_domain,
          ttl: options.ttl,
          maxTokenSize: settings.server.limits.token,
          ...(options.include_issuer ? { issuer: settings.server.issuer } : {}),
        }),
        authorizers: options.authorizers.map((authorizer) => ({ name: authorizer, authorizer: find(authorizers, authorizer).api })),
        dataSources: mapper.dataSources.map((source) => {
          const { required, timeout } = find(settings.data_sources, source);
          return { name: source, source: find(dataSources, source).api, required, timeout };
        }),
      };
      return [options.token_type, route] as const;
    }),
  );
}

/** @throws ParsecError `PARSEC_INTERNAL` where a reference that was checked leads nowhere */
export function find<Value>(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value === undefined) throw new ParsecError('PARSEC_INTERNAL', `"${name}" is not there although the configuration was checked`);
  return value;
}
