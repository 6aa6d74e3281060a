import { findMappingProblems } from '@parsec/context';
import type { ConfigurationPath } from '../path.js';
import type { MappingSection } from '../settings/claims-section.js';
import type { ConfigurationSettings } from '../settings/configuration-settings.js';
import type { Finding } from './finding.js';
import type { Soundness } from './soundness.js';

/** The mappings of one claim of one token issuer. */
export interface ClaimMappings {
  readonly path: ConfigurationPath;
  /** In their places; `undefined` where one of them, or all of them, are too broken to look at. */
  readonly mappings: readonly (MappingSection | undefined)[] | undefined;
}

const CLAIMS = ['tctx', 'rctx'] as const;

/** All mappings that there are. */
export function findClaimMappings({ token_issuers }: ConfigurationSettings, { isSound, isWhole }: Soundness): ClaimMappings[] {
  if (!isSound(['token_issuers'])) return [{ path: ['token_issuers'], mappings: undefined }];
  return [...token_issuers].flatMap(([name, issuer]) =>
    CLAIMS.map((claim) => {
      const path = ['token_issuers', name, 'claims', claim];
      if (!isSound(path)) return { path, mappings: undefined };
      const mappings = issuer.claims[claim] ?? [];
      return { path, mappings: mappings.map((mapping, index) => (isWhole([...path, index]) ? mapping : undefined)) };
    }),
  );
}

/** Finds mappings that say nothing or several things, and those that stand in each other's way. */
export function checkClaimMappings(claims: readonly ClaimMappings[]): Finding[] {
  return claims.flatMap(({ path, mappings = [] }) => {
    const unclear = mappings.flatMap((mapping, index) =>
      mapping === undefined || isClear(mapping) ? [] : [unclearMapping([...path, index])],
    );
    const clashing = findMappingProblems(mappings.map((mapping) => mapping ?? {})).map(({ index, message }) => ({
      path: [...path, index],
      message,
      discreet: { message: 'this stands in the way of another mapping of the claim' },
    }));
    return [...unclear, ...clashing];
  });
}

function isClear({ details, context, cel }: MappingSection): boolean {
  return [details, context, cel].filter((step) => step !== undefined).length === 1;
}

function unclearMapping(path: ConfigurationPath): Finding {
  return { path, expected: 'exactly one of details, context, cel' };
}
