import { KEY_ID } from '@parsec/plugin-sdk';

/** The KMS alias of a key. `/` stands for the one `.` of an identifier, which aliases do not know and identifiers do not have. */
export function aliasOf(prefix: string, id: string): string {
  return `alias/${prefix}/${id.replace('.', '/')}`;
}

/** The key identifier that an alias stands for; `undefined` where it stands for none under this prefix. */
export function idOf(prefix: string, alias: string): string | undefined {
  const start = `alias/${prefix}/`;
  if (!alias.startsWith(start)) return undefined;
  const id = alias.slice(start.length).replace('/', '.');
  return KEY_ID.test(id) ? id : undefined;
}
