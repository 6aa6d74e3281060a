import { startQuickstart } from './start-quickstart.js';
import { spawnParsec } from './parsec-process.js';
import { stopOnSignals } from './stop-on-signals.js';

// With a configuration of its own this is `parsec serve` and nothing beside it; else it is the quickstart, overrides included.
const flags = process.argv.slice(2);
const isOwn = flags.some((flag) => /^(?:--config\b|-c|--help$|-h$)/.test(flag));
process.exitCode = isOwn ? await serve() : await startQuickstart(flags);

async function serve(): Promise<number> {
  const parsec = spawnParsec(['serve', ...flags]);
  stopOnSignals(parsec);
  return parsec.exited;
}
