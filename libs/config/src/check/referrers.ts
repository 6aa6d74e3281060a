import { CLAIMS_SCOPE, analyseExpression } from '@parsec/plugin-sdk/cel';
import type { ConfigurationPath } from '../path.js';
import type { ConfigurationSettings } from '../settings/configuration-settings.js';
import type { ClaimMappings } from './claim-mappings.js';
import type { Soundness } from './soundness.js';

/** Sections whose entries are named elsewhere. */
export type ReferredSection = 'signers' | 'authorizers' | 'key_managers' | 'data_sources';

/** A name that stands at a path. */
export interface Reference {
  readonly name: string;
  readonly path: ConfigurationPath;
}

/** A place where entries of a section are named. */
export interface Referrer {
  readonly section: ReferredSection;
  /** `undefined` where the place is too broken to say. */
  readonly references: readonly Reference[] | undefined;
}

/** Every place that names an entry of another section. */
export function findReferrers(settings: ConfigurationSettings, claims: readonly ClaimMappings[], soundness: Soundness): Referrer[] {
  return [
    ...signerReferrers(settings, soundness),
    ...tokenIssuerReferrers(settings, soundness),
    ...claims.flatMap(({ path, mappings }) => dataSourceReferrers(path, mappings)),
  ];
}

function signerReferrers({ signers }: ConfigurationSettings, { isSound }: Soundness): Referrer[] {
  if (!isSound(['signers'])) return [{ section: 'key_managers', references: undefined }];
  return [...signers].flatMap(([name, signer]) =>
    (['key_manager', 'previous_key_manager'] as const).map((key): Referrer => {
      const path = ['signers', name, key];
      if (!isSound(path)) return { section: 'key_managers', references: undefined };
      const manager = signer[key];
      return { section: 'key_managers', references: manager === undefined ? [] : [{ name: manager, path }] };
    }),
  );
}

function tokenIssuerReferrers({ token_issuers }: ConfigurationSettings, { isSound }: Soundness): Referrer[] {
  if (!isSound(['token_issuers']))
    return [
      { section: 'signers', references: undefined },
      { section: 'authorizers', references: undefined },
    ];
  return [...token_issuers].flatMap(([name, issuer]): Referrer[] => {
    const signer = ['token_issuers', name, 'signer'];
    const authorizers = ['token_issuers', name, 'authorizers'];
    return [
      { section: 'signers', references: isSound(signer) ? [{ name: issuer.signer, path: signer }] : undefined },
      { section: 'authorizers', references: isSound(authorizers) ? listed(issuer.authorizers, authorizers) : undefined },
    ];
  });
}

function listed(names: readonly string[], path: ConfigurationPath): Reference[] {
  return names.map((name, index) => ({ name, path: [...path, index] }));
}

function dataSourceReferrers(path: ConfigurationPath, mappings: ClaimMappings['mappings']): Referrer[] {
  if (mappings === undefined) return [{ section: 'data_sources', references: undefined }];
  return mappings.map((mapping, index) => ({
    section: 'data_sources',
    references: mapping && dataSourcesOf(mapping.cel).map((name) => ({ name, path: [...path, index, 'cel'] })),
  }));
}

function dataSourcesOf(cel: string | undefined): readonly string[] {
  return cel === undefined ? [] : analyseExpression(cel, CLAIMS_SCOPE).dataSources;
}
