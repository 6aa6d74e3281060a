import { PluginRegistry } from '@parsec/kernel';
import {
  definePlugin,
  Duration,
  IsCelExpression,
  Optional,
  type Authorizer,
  type DataSource,
  type KeyManager,
  type TrustedIssuer,
  type TrustStore,
} from '@parsec/plugin-sdk';
import { POLICY_SCOPE } from '@parsec/plugin-sdk/cel';
import { Type } from 'class-transformer';
import { IsArray, IsIn, IsNotEmpty, IsString, ValidateNested } from 'class-validator';

/** What is configured is never opened here. */
class Unopened implements TrustStore, KeyManager, DataSource, Authorizer {
  readonly keyTypes = [];
  trustedIssuers(): never {
    throw new Error('not opened');
  }
  keys(): never {
    throw new Error('not opened');
  }
  generateKey(): never {
    throw new Error('not opened');
  }
  sign(): never {
    throw new Error('not opened');
  }
  fetch(): never {
    throw new Error('not opened');
  }
  authorize(): never {
    throw new Error('not opened');
  }
}

export class IssuerOptions {
  @IsString()
  @IsNotEmpty()
  issuer!: string;

  @Optional()
  @IsString()
  namespace?: string;

  @IsArray()
  @IsIn(['subject', 'requester'], { each: true })
  accept_as: ('subject' | 'requester')[] = ['subject', 'requester'];

  @Duration({ max: 300_000 })
  clock_skew = 30_000;
}

export class ListedOptions {
  @ValidateNested()
  @Type(() => IssuerOptions)
  issuers: Map<string, IssuerOptions> = new Map();
}

export class NoOptions {}

export class HttpCredentials {
  @IsString()
  @IsNotEmpty()
  password!: string;
}

export class HttpOptions {
  @IsString()
  url!: string;

  @Optional()
  @ValidateNested()
  @Type(() => HttpCredentials)
  credentials?: HttpCredentials;
}

export class RuleOptions {
  @IsCelExpression(POLICY_SCOPE)
  when!: string;

  @Optional()
  @IsArray()
  @IsString({ each: true })
  trusted_issuers?: string[];
}

export class RulesOptions {
  @IsArray()
  @ValidateNested()
  @Type(() => RuleOptions)
  rules!: RuleOptions[];
}

const listed = definePlugin({
  kind: 'trust_store',
  type: 'listed',
  apiVersion: 1,
  options: ListedOptions,
  instance: Unopened,
  declaredIssuers: ({ issuers }) =>
    [...issuers].map(([name, options]) => ({ issuer: trustedIssuer(name, options), path: ['issuers', name] })),
});

const discovered = definePlugin({ kind: 'trust_store', type: 'discovered', apiVersion: 1, options: NoOptions, instance: Unopened });

const memory = definePlugin({ kind: 'key_manager', type: 'memory', apiVersion: 1, options: NoOptions, instance: Unopened });

const http = definePlugin({ kind: 'data_source', type: 'http', apiVersion: 1, options: HttpOptions, instance: Unopened });

const rules = definePlugin({
  kind: 'authorizer',
  type: 'rules',
  apiVersion: 1,
  options: RulesOptions,
  instance: Unopened,
  issuerReferences: (options) =>
    options.rules.flatMap((rule, index) =>
      (rule.trusted_issuers ?? []).map((name, position) => ({ name, path: ['rules', index, 'trusted_issuers', position] })),
    ),
});

/** A registry with one plugin of every kind, two trust stores, and an authorizer `strange` with the given options class. */
export function fakeRegistry(strange: new () => object = NoOptions): PluginRegistry {
  const registry = new PluginRegistry();
  for (const plugin of [listed, discovered, memory, http, rules]) registry.register(plugin, 'built-in');
  registry.register(
    definePlugin({ kind: 'authorizer', type: 'strange', apiVersion: 1, options: strange, instance: Unopened }),
    'a third party',
  );
  return registry;
}

function trustedIssuer(name: string, { issuer, namespace, accept_as, clock_skew }: IssuerOptions): TrustedIssuer {
  return {
    name,
    issuer,
    keys: { jwksFile: 'keys.json' },
    acceptAs: accept_as,
    tokenTypes: [],
    audiences: [],
    algorithms: ['ES256'],
    ...(namespace !== undefined && { namespace }),
    scope: { claim: 'scope' },
    claims: { allow: [], deny: [] },
    clockSkew: clock_skew,
    expLeeway: 0,
    maxLifetime: 3_600_000,
    allowBound: false,
    allowReuse: false,
  };
}
