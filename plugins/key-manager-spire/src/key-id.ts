import { KEY_ID } from '@parsec/plugin-sdk';

const SPIRE_ID = /^((?:[a-z0-9]|-u)+)-d([a-z0-9-]+)$/;

/**
 * The name of a key at the plugin. Plugins pass it on as a file's, an alias' or a label's name, for which some allow letters, digits and hyphens only:
 * `_` becomes `-u` and the dot `-d`. Every identifier has a form of its own.
 */
export function toSpireId(id: string): string {
  return id.replaceAll('_', '-u').replace('.', '-d');
}

/** The identifier behind a name at the plugin; `undefined` where it is none of parsec's. */
export function fromSpireId(spireId: string): string | undefined {
  const [, name = '', rest = ''] = SPIRE_ID.exec(spireId) ?? [];
  const id = `${name.replaceAll('-u', '_')}.${rest}`;
  return KEY_ID.test(id) ? id : undefined;
}
