import type { ConfigurationPath } from '../path.js';
import type { ConfigurationSettings } from '../settings/configuration-settings.js';
import type { ClaimMappings } from './claim-mappings.js';
import type { Finding } from './finding.js';
import { nearestName, oneOf } from './nearest-name.js';
import { findReferrers, type Reference, type ReferredSection } from './referrers.js';
import type { Soundness } from './soundness.js';

/** What one entry of a section is called. */
const ENTRY_NAMES = { signers: 'signer', authorizers: 'authorizer', key_managers: 'key manager', data_sources: 'data source' } as const;

/**
 * Finds names that stand for nothing, and entries that nothing names.
 * @param isConfidential whether nothing may be derived from what stands at a path
 */
export function checkReferences(
  settings: ConfigurationSettings,
  claims: readonly ClaimMappings[],
  soundness: Soundness,
  isConfidential: (path: ConfigurationPath) => boolean,
): Finding[] {
  const referrers = findReferrers(settings, claims, soundness);
  const sections = (Object.keys(ENTRY_NAMES) as ReferredSection[]).filter((section) => soundness.isSound([section]));
  return sections.flatMap((section) => {
    const declared = new Set(settings[section].keys());
    const lists = referrers.filter((referrer) => referrer.section === section).map(({ references }) => references);
    const references = lists.flatMap((list) => list ?? []);
    const dangling = references
      .filter(({ name }) => !declared.has(name))
      .map((reference) => danglingReference(section, reference, declared));
    // What a misspelt reference probably means is not unused; where that cannot be said, nothing is.
    const isUnknown = lists.includes(undefined) || dangling.some(({ path }) => isConfidential(path));
    const named = new Set([...references.map(({ name }) => name), ...dangling.map(({ nearest }) => nearest)]);
    const unused = isUnknown ? [] : [...declared].filter((name) => !named.has(name));
    return [...dangling, ...unused.map((name) => unusedEntry(section, name))];
  });
}

function danglingReference(section: ReferredSection, { name, path }: Reference, declared: ReadonlySet<string>): Finding {
  const message = `there is no ${ENTRY_NAMES[section]} of this name`;
  const nearest = nearestName(name, declared);
  const expected = declared.size === 0 ? `a key of ${section}, which has none` : oneOf(declared);
  return { path, message, ...(nearest === undefined ? { expected } : { nearest }), discreet: { message, expected } };
}

function unusedEntry(section: ReferredSection, name: string): Finding {
  return { path: [section, name], message: `nothing uses this ${ENTRY_NAMES[section]}; leave it out` };
}
