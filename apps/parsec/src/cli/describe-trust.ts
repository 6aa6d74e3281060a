import type { ShownIssuer } from '../management/trust.controller.js';
import { table, toTheSecond } from './table.js';

const HEADINGS = ['TRUSTED ISSUER', 'ISSUER', 'TRUST STORE', 'ACCEPTED AS', 'KEYS', 'FETCHED', 'HEALTH'];

/** A table of the issuers that are trusted now. */
export function describeTrust(issuers: readonly ShownIssuer[]): string {
  return table(HEADINGS, issuers.map(row));
}

function row({
  trusted_issuer: name,
  issuer,
  trust_store: store,
  accept_as: roles,
  keys,
  fetched_at: fetched,
  ...health
}: ShownIssuer): readonly string[] {
  const { status, detail } = health;
  return [
    name,
    issuer,
    store,
    roles.join(', '),
    String(keys),
    toTheSecond(fetched),
    detail === undefined ? status : `${status}: ${detail}`,
  ];
}
