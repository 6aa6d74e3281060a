import { randomInt } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { freePort } from '@parsec/quickstart';
import { Lab } from '../support/lab.js';
import { makeDirectory } from '../support/parsec-server.js';
import { Installation, type Moment } from './support/installation.js';
import { Random } from './support/random.js';

const KILLS = 200;
const SERIES = 4;
/** Milliseconds after the start within which a time to kill is drawn: a start takes about 500. */
const SPAN = 2_500;

/** Repeats what is drawn; when it happens stays up to the machine. */
const seed = Number(process.env['PARSEC_TRIALS_SEED'] ?? randomInt(2 ** 31));

const MESSAGES = ['parsec is serving', 'signer is ready', 'published a key', 'another key signs', 'retired keys'];

function drawMoment(random: Random): Moment {
  const at = random.oneOf(['a time', 'a line', 'a change', 'a change'] as const);
  switch (at) {
    case 'a time':
      return { at, after: random.below(SPAN) };
    case 'a line':
      return { at, message: random.oneOf(MESSAGES), after: random.below(2) * random.below(40) };
    case 'a change':
      // A key takes four: its temporary file comes, is written, has its name, goes.
      return { at, of: random.oneOf(['keys', 'state']), count: 1 + random.below(6) };
  }
}

describe(`parsec that is killed (PARSEC_TRIALS_SEED=${seed})`, () => {
  const counts = new Map<string, number>();
  const removals: (() => Promise<void>)[] = [];

  afterAll(async () => {
    for (const remove of removals) await remove();
    const lines = [...counts].toSorted().map(([what, count]) => `${String(count).padStart(8)} ${what}`);
    process.stderr.write(`${KILLS} kills, PARSEC_TRIALS_SEED=${seed}\n${lines.join('\n')}\n`);
  });

  async function series(lab: Lab, random: Random): Promise<void> {
    const ports = [await freePort(), await freePort()] as const;
    const install = async (): Promise<Installation> => {
      const { directory, remove } = await makeDirectory();
      removals.push(remove);
      return Installation.make(directory, lab, ports, counts);
    };
    let installation = await install();
    for (let kill = 0; kill < KILLS / SERIES; kill += 1) {
      await installation.live(drawMoment(random));
      // The very first key comes once in an installation.
      if (random.below(10) === 0) installation = await install();
    }
    await installation.outliveThemAll();
  }

  it(`at whatever moment starts again, signs on with the key it had, and has every token verify`, async () => {
    const lab = await Lab.open();
    const outcomes = await Promise.allSettled(Array.from({ length: SERIES }, (_, index) => series(lab, new Random(seed + index))));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    expect(counts.get('starts that were checked')).toBeGreaterThanOrEqual(KILLS / 2);
    expect(counts.get('tokens of earlier lives that verified')).toBeGreaterThan(KILLS / 4);
  });
});
