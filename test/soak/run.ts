import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runScenario, type ScenarioResult } from './scenario.js';

const PEERS = new URL('../../../../.cache/interop/peers.json', import.meta.url);

const { values } = parseArgs({ options: { rotations: { type: 'string', default: '20' } } });
const rotations = Number(values.rotations);
const say = (line: string): void => void process.stderr.write(`… ${line}\n`);

const redisServer = findRedis();
if (redisServer === undefined) say('there is no redis-server, so only one replica is tried: npm run test:interop downloads it');
const scenarios = [
  runScenario({ name: 'one replica', rotations, say }),
  ...(redisServer === undefined ? [] : [runScenario({ name: 'two replicas, one stopped for a while', rotations, redisServer, say })]),
];
const outcomes = await Promise.allSettled(scenarios);
for (const outcome of outcomes) {
  if (outcome.status === 'fulfilled') process.stdout.write(describe(outcome.value));
  else process.stderr.write(`${(outcome.reason as Error).stack}\n`);
}
if (!outcomes.every((outcome) => outcome.status === 'fulfilled' && isGood(outcome.value))) process.exitCode = 1;

function isGood({ name, rotations: made, errors, unanswered, failures }: ScenarioResult): boolean {
  const mayBeUnanswered = name !== 'one replica';
  return made.every((each) => each >= rotations) && errors.size + failures.length === 0 && (mayBeUnanswered || unanswered.size === 0);
}

function describe(result: ScenarioResult): string {
  const { name, seconds, requests, sets, failedFetches, checks, failures } = result;
  const lines = [
    ['rotations', result.rotations.join(' and ')],
    ['requests', `${requests} in ${seconds} s`],
    ['errors', counts(result.errors)],
    ['without an answer', counts(result.unanswered)],
    ['key sets fetched', `${sets}, and ${failedFetches} that could not be had`],
    ['tokens × cached sets', String(checks)],
    ['verification failures', String(failures.length)],
  ];
  const some = failures.slice(0, 5).map((failure) => `  ${JSON.stringify(failure)}\n`);
  return `\n${name}\n${lines.map(([title = '', value]) => `  ${title.padEnd(24)}${value}\n`).join('')}${some.join('')}`;
}

function counts(by: ReadonlyMap<string, number>): string {
  return by.size === 0 ? '0' : [...by].map(([kind, count]) => `${count} × ${kind}`).join(', ');
}

/** The one that `test/interop/install.mjs` found. */
function findRedis(): string | undefined {
  if (!existsSync(PEERS)) return undefined;
  return (JSON.parse(readFileSync(PEERS, 'utf8')) as Readonly<Record<string, string>>)['redis-server'];
}
