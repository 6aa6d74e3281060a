import type { Tag } from '@aws-sdk/client-kms';

const ALIAS_PREFIX_TAG = 'parsec-alias-prefix';
const KEY_TAG = 'parsec-key';

/** The tags that every key gets; IAM policies tell by the first what this parsec may use. */
export const RESERVED_TAGS: readonly string[] = [ALIAS_PREFIX_TAG, KEY_TAG];

/** The tags of a new key, in the form of the KMS API. */
export function tagsOf(aliasPrefix: string, id: string, further: ReadonlyMap<string, string>): Tag[] {
  const tags = [[ALIAS_PREFIX_TAG, aliasPrefix] as const, [KEY_TAG, id] as const, ...further];
  return tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}
