import { describe, expect, it } from '@jest/globals';
import { Lab } from '../support/lab.js';
import { until } from '../support/until.js';
import { FAST, Fleet } from './support/fleet.js';

/** A limit for tests that hang, not a measure. */
const LIMIT = 180_000;
const lab = await Lab.open();

/** One replica, by the wall clock: whatever happens, no verifier refuses a token that it should take. */
describe('the keys of one replica', () => {
  const expectUnharmed = async (body: (fleet: Fleet) => Promise<void>): Promise<void> => {
    const fleet = await Fleet.open(lab);
    try {
      await fleet.start('one');
      await fleet.joined('one');
      await body(fleet);
      expect(fleet.harm).toEqual([]);
      expect(fleet.verifiers.checks).toBeGreaterThan(0);
    } finally {
      await fleet.close();
    }
  };

  const restart = async (fleet: Fleet, changes: object = {}, signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    await fleet.end('one', signal);
    await fleet.start('one', changes);
    await fleet.joined('one');
  };

  it.concurrent(
    'rotate under load, and leave the JWKS when no token needs them',
    () =>
      expectUnharmed(async (fleet) => {
        await fleet.rotated(4);
        const [first] = fleet.signed('one');
        expect(await fleet.published('one')).toContain(first);
        await until('the first key is gone', async () => !(await fleet.published('one')).includes(first as string));
        expect(fleet.load.unanswered.size).toBe(0);
      }),
    LIMIT,
  );

  it.concurrent.each(['SIGTERM', 'SIGKILL'] as const)(
    'go on rotating after %s, and every former one is published still',
    (signal) =>
      expectUnharmed(async (fleet) => {
        await fleet.rotated(2);
        const before = fleet.signed('one');
        await restart(fleet, {}, signal);
        expect(await fleet.published('one')).toEqual(expect.arrayContaining([...before]));
        await restart(fleet, {}, signal);
        await fleet.rotated(2);
      }),
    LIMIT,
  );

  it.concurrent(
    'go over to another algorithm and another key manager one by one, while the former ones verify what they signed',
    () =>
      expectUnharmed(async (fleet) => {
        const keyManagers = (...names: readonly string[]): object => ({
          key_managers: Object.fromEntries(names.map((name) => [name, { type: 'file', options: { directory: `./${name}` } }])),
        });
        await fleet.rotated(1);
        const lastOf = (): string | undefined => fleet.signed('one').at(-1);

        const es256 = fleet.signed('one');
        await restart(fleet, { signers: { main: { key_manager: 'local', algorithm: 'EdDSA', rotation: FAST } } });
        await until('EdDSA signs', () => !es256.includes(lastOf() ?? ''));

        const local = fleet.signed('one');
        await restart(fleet, {
          key_managers: {
            local: { type: 'file', options: { directory: './keys' } },
            vault: { type: 'file', options: { directory: './vault' } },
          },
          signers: { main: { key_manager: 'vault', previous_key_manager: 'local', rotation: FAST } },
        });
        // The former key manager signs until everybody knows a key of the new one.
        await until('the new key manager signs', () => !local.includes(lastOf() ?? ''));

        const vault = fleet.signed('one');
        await restart(fleet, { ...keyManagers('safe'), signers: { main: { key_manager: 'safe', rotation: FAST } } });
        await until('the third key manager signs', () => !vault.includes(lastOf() ?? ''));
        expect(await fleet.published('one')).toEqual(expect.arrayContaining([...vault]));
      }),
    LIMIT,
  );
});
