import type { ShownKey, ShownSigner } from '../management/keys.controller.js';
import { table, toTheSecond } from './table.js';

const HEADINGS = ['SIGNER', 'KID', 'ALGORITHM', 'STATE', 'KEY MANAGER', 'REPLICA', 'PUBLISHED', 'SIGNS FROM', 'SIGNS UNTIL', 'RETIRES'];

/** A table of the keys of each signer, and what is to come. */
export function describeKeys(signers: readonly ShownSigner[]): string {
  const rows = signers.flatMap(({ signer, keys }) => keys.map((key) => row(signer, key)));
  return `${table(HEADINGS, rows)}\n${signers.map((signer) => `${summary(signer)}\n`).join('')}`;
}

/** Whether it signs, and when another key will at the earliest: a replica that is silent, or a key manager that is out, may hold it up. */
function summary({ signer, ready, keys }: ShownSigner): string {
  const signs = ready ? `${signer} signs` : `${signer} CANNOT SIGN`;
  // Only this replica's own next key tells from when it signs; of several, the newest is the one that will.
  const next = keys.findLast(({ state, signs_from: from }) => state === 'next' && from !== undefined);
  if (next === undefined) return `${signs}; a next key is still to be made.`;
  return `${signs}; its next key will from ${toTheSecond(next.signs_from)} at the earliest.`;
}

function row(signer: string, key: ShownKey): readonly string[] {
  return [
    signer,
    key.kid,
    key.algorithm,
    key.state,
    key.key_manager,
    key.ring,
    toTheSecond(key.published_at),
    toTheSecond(key.signs_from),
    toTheSecond(key.signs_until),
    toTheSecond(key.retires_at),
  ];
}
