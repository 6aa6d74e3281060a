// Gets hold of the programs that the interop specs talk to, and writes down where they are: .cache/interop/peers.json.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache/interop', import.meta.url));
const installers = new URL('./install/', import.meta.url);

const log = (line) => process.stdout.write(`${line}\n`);

mkdirSync(cache, { recursive: true });
const found = {};
for (const file of readdirSync(installers).toSorted()) {
  if (!file.endsWith('.mjs')) continue;
  const { peers, install } = await import(new URL(file, installers));
  try {
    Object.assign(found, await install(cache, log));
  } catch (error) {
    log(`not to be had: ${peers.join(', ')}: ${error.message}`);
  }
}
writeFileSync(join(cache, 'peers.json'), `${JSON.stringify(found, undefined, 2)}\n`);
log(`interop peers: ${Object.keys(found).join(', ') || 'none'}`);
