import { startQuickstart } from './start-quickstart.js';
import { spawnParsec } from './parsec-process.js';
import { stopOnSignals } from './stop-on-signals.js';

// With flags this is `parsec serve` and nothing beside it; without any it is the quickstart.
const flags = process.argv.slice(2);
process.exitCode = flags.length === 0 ? await startQuickstart() : await serve();

async function serve(): Promise<number> {
  const parsec = spawnParsec(['serve', ...flags]);
  stopOnSignals(parsec);
  return parsec.exited;
}
