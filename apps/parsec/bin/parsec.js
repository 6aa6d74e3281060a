#!/usr/bin/env node
// Plain JavaScript for any Node: finds a Node that is new enough, then hands over to the built program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST_NODE = 24;
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

if (!existsSync(program)) {
  process.stderr.write('parsec is not built yet: run "npm run build" first.\n');
  process.exit(1);
}

if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) {
  await import(pathToFileURL(program).href);
} else {
  runUnder(findNewerNode());
}

/** The npm package "node", a development dependency, brings a Node of its own. */
function findNewerNode() {
  try {
    return createRequire(import.meta.url).resolve('node/bin/node');
  } catch {
    process.stderr.write(`parsec needs Node ${OLDEST_NODE} or newer; this is ${process.version}. "npm ci" brings one.\n`);
    return process.exit(1);
  }
}

function runUnder(node) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}
