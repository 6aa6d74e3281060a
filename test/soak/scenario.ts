import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import { CachingVerifiers, type VerificationFailure } from '../support/caching-verifiers.js';
import { Lab, TRUST_DOMAIN } from '../support/lab.js';
import { Load } from '../support/load.js';
import { spawnRedis } from '../support/redis-server.js';
import { Replica } from './replica.js';

const ISSUER = `https://tts.${TRUST_DOMAIN}`;
const SECONDS = { every: 20, publishAhead: 5, tokenLifetime: 20 };
const REQUESTS_PER_SECOND = 200;
/** A replica that is stopped holds up the others for 10 s of the 15; after that they rotate without it. */
const STOPPED_SECONDS = 15;
const REPLICA_TIMEOUT_SECONDS = 10;
/** After which rotation a replica is stopped. */
const STOP_AFTER = 7;

/** What is to happen. */
export interface ScenarioSettings {
  readonly name: string;
  /** Of each replica. */
  readonly rotations: number;
  /** Left out: one replica, without Redis. */
  readonly redisServer?: string;
  readonly say: (line: string) => void;
}

/** What came of it. */
export interface ScenarioResult {
  readonly name: string;
  readonly seconds: number;
  /** How often another key began to sign, by replica. */
  readonly rotations: readonly number[];
  readonly requests: number;
  /** Answers other than a token, by kind. */
  readonly errors: ReadonlyMap<string, number>;
  /** Requests whose connection was lost, or that were not answered within 10 s, by kind. */
  readonly unanswered: ReadonlyMap<string, number>;
  readonly sets: number;
  readonly failedFetches: number;
  /** Pairs of a token and a cached set that were tried. */
  readonly checks: number;
  readonly failures: readonly VerificationFailure[];
}

/** Rotations under load: with one replica; or with two over Redis, of which one is stopped for a while. */
export async function runScenario({ name, rotations, redisServer, say }: ScenarioSettings): Promise<ScenarioResult> {
  const lab = await Lab.open();
  const directory = await mkdtemp(join(tmpdir(), 'parsec-soak-'));
  const redis = redisServer === undefined ? undefined : await spawnRedis(redisServer);
  const replicas: Replica[] = [];
  /** `kid`s that were seen to sign, by replica. */
  const kids: Set<string>[] = [];
  let verifiers: CachingVerifiers | undefined;
  let load: Load | undefined;
  try {
    for (let index = 0; index < (redis === undefined ? 1 : 2); index += 1) {
      const state = redis === undefined ? {} : { state: sharedState(redis.url, `replica-${index}`) };
      replicas.push(await Replica.start(join(directory, String(index)), configurationOf(lab, state)));
      kids.push(new Set());
    }
    say(`${name}: begins`);
    const begun = performance.now();
    verifiers = new CachingVerifiers(() => replicas.map(({ url }) => url));
    const running = verifiers;
    let turn = 0;
    load = new Load({
      lab,
      audience: ISSUER,
      perSecond: REQUESTS_PER_SECOND,
      target() {
        const live = replicas.filter(({ isIn }) => isIn);
        turn += 1;
        return live[turn % live.length]?.url;
      },
      async onToken(token, url) {
        kids[replicas.findIndex((replica) => replica.url === url)]?.add(decodeProtectedHeader(token).kid ?? '');
        await running.check(token);
      },
    });
    const rotationsOf = (index: number): number => (kids[index]?.size ?? 0) - 1;
    const reached = async (count: number): Promise<void> => {
      let told = 0;
      while (!kids.every((_, index) => rotationsOf(index) >= count)) {
        if (!replicas.every(({ isIn }) => isIn)) throw new Error('a replica ended');
        const slowest = Math.min(...kids.map((_, index) => rotationsOf(index)));
        if (slowest > told) say(`${name}: ${slowest} rotations, ${running.failures.length} verification failures`);
        told = Math.max(told, slowest);
        await setTimeout(500);
      }
    };
    const stopped = replicas[1];
    if (stopped !== undefined) {
      await reached(Math.min(STOP_AFTER, rotations - 1));
      say(`${name}: one replica stands still for ${STOPPED_SECONDS} s`);
      stopped.pause();
      await setTimeout(STOPPED_SECONDS * 1_000);
      stopped.resume();
    }
    await reached(rotations);
    await load.close();
    await verifiers.close();
    return {
      name,
      seconds: Math.round((performance.now() - begun) / 1_000),
      rotations: kids.map((_, index) => rotationsOf(index)),
      requests: load.requests,
      errors: load.errors,
      unanswered: load.unanswered,
      sets: verifiers.fetches,
      failedFetches: verifiers.failedFetches,
      checks: verifiers.checks,
      failures: verifiers.failures,
    };
  } finally {
    await load?.close();
    await verifiers?.close().catch(() => {});
    await Promise.all(replicas.map((replica) => replica.stop()));
    await redis?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function sharedState(url: string, replica: string): object {
  return {
    type: 'redis',
    url,
    secret: 'known-to-the-replicas-and-to-nobody-else',
    replica,
    replica_timeout: `${REPLICA_TIMEOUT_SECONDS}s`,
  };
}

function configurationOf(lab: Lab, more: object): object {
  const configuration = lab.configuration(ISSUER) as { token_issuers: { txn_token: object } };
  return {
    ...configuration,
    key_managers: { local: { type: 'file', options: { directory: './keys' } } },
    signers: { main: { key_manager: 'local', rotation: { every: `${SECONDS.every}s`, publish_ahead: `${SECONDS.publishAhead}s` } } },
    token_issuers: { txn_token: { ...configuration.token_issuers.txn_token, ttl: `${SECONDS.tokenLifetime}s` } },
    ...more,
  };
}
