import { equal } from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, stat, watch as follow, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { seconds, type Lab } from '../../support/lab.js';
import { Life } from './life.js';

/** What is waited for to kill need not happen in this life. Milliseconds. */
const PATIENCE = 2_500;
/** Seconds. */
const TOKEN_LIFETIME = 20;

/** When a life ends. */
export type Moment =
  | { readonly at: 'a time'; readonly after: number }
  | { readonly at: 'a line'; readonly message: string; readonly after: number }
  | { readonly at: 'a change'; readonly of: 'keys' | 'state'; readonly count: number };

interface Ring {
  readonly keys: readonly { readonly id: string; readonly kid: string; readonly signs_from?: number; readonly signs_until?: number }[];
  readonly plan?: { readonly id: string };
  readonly discarded: readonly { readonly id: string }[];
}

/** One installation of parsec, which is killed and started again. */
export class Installation {
  /** Of each key the token that expires last. */
  readonly #tokens = new Map<string, string>();
  readonly #keys: string;
  readonly #state: string;
  readonly #configuration: string;
  readonly #url: string;
  /** Whether the last start was seen to be good before it was killed. */
  #isChecked = true;

  private constructor(
    readonly directory: string,
    private readonly lab: Lab,
    private readonly ports: readonly [number, number],
    /** What happened, to be told at the end. */
    private readonly counts: Map<string, number>,
  ) {
    this.#keys = join(directory, 'keys');
    this.#state = join(directory, 'state');
    this.#configuration = join(directory, 'parsec.yaml');
    this.#url = `http://127.0.0.1:${ports[0]}`;
  }

  static async make(directory: string, lab: Lab, ports: readonly [number, number], counts: Map<string, number>): Promise<Installation> {
    const installation = new Installation(directory, lab, ports, counts);
    await mkdir(installation.#keys, { mode: 0o700 });
    await mkdir(installation.#state, { mode: 0o700 });
    const configuration = lab.configuration(installation.#url) as { token_issuers: { txn_token: object } };
    const content = {
      ...configuration,
      key_managers: { local: { type: 'file', options: { directory: installation.#keys } } },
      signers: { main: { key_manager: 'local', rotation: { every: '2s', publish_ahead: '1s' } } },
      state: { type: 'memory', directory: installation.#state },
      token_issuers: { txn_token: { ...configuration.token_issuers.txn_token, ttl: `${TOKEN_LIFETIME}s` } },
    };
    await writeFile(installation.#configuration, JSON.stringify(content));
    return installation;
  }

  /** Starts parsec, lets it issue tokens, and kills it. */
  async live(moment: Moment): Promise<void> {
    const before = await this.#ring();
    const wasChecked = this.#isChecked;
    const life = new Life(this.#configuration, this.ports);
    const ended = life.ended();
    const closers: (() => void)[] = [];
    this.#isChecked = false;
    try {
      // After one that was killed too soon to tell, the next is to tell.
      if (!wasChecked) await Promise.race([this.#check(life, before), ended]);
      closers.push(this.#killAt(moment, life));
      await Promise.race([this.#serve(life, wasChecked ? before : undefined), ended]);
      await ended;
    } catch (error) {
      life.kill();
      throw new Error(`${this.directory}, to be killed at ${JSON.stringify(moment)}:\n${life.output}`, { cause: error });
    } finally {
      closers.forEach((close) => close());
    }
    this.#count(
      moment.at === 'a time' ? 'killed at some time' : `killed at ${moment.at === 'a line' ? moment.message : `a change of ${moment.of}`}`,
    );
    await this.#expectWhole();
  }

  /** Starts parsec once more, and waits until nothing is left of earlier lives. */
  async outliveThemAll(): Promise<void> {
    const before = await this.#ring();
    const old = await this.#idsOfFiles();
    const life = new Life(this.#configuration, this.ports);
    try {
      await this.#check(life, before);
      const changes = follow(this.#keys, { signal: AbortSignal.timeout(180_000) })[Symbol.asyncIterator]();
      const isDone = async (): Promise<boolean> => (await this.#idsOfFiles()).every((id) => !old.includes(id));
      while (!(await isDone())) await changes.next();
      await changes.return?.();
      const left = (await readdir(this.#state)).filter((name) => name !== 'main.json' && name !== `.main.${life.pid}.tmp`);
      equal(left.join(), '');
    } finally {
      life.kill();
      await life.ended();
    }
    await this.#expectWhole();
    const { keys = [], plan, discarded = [] } = (await this.#ring()) ?? {};
    const known = [...keys, ...(plan === undefined ? [] : [plan]), ...discarded].map(({ id }) => id);
    const strangers = (await this.#idsOfFiles()).filter((id) => !known.includes(id));
    equal(strangers.join(), '');
  }

  /** @returns a way to call it off */
  #killAt(moment: Moment, life: Life): () => void {
    const timers: NodeJS.Timeout[] = [];
    const killAfter = (milliseconds: number): void => void timers.push(setTimeout(() => life.kill(), milliseconds));
    const closers: (() => void)[] = [() => timers.forEach(clearTimeout)];
    const giveUp = (): void => {
      life.logged('parsec is serving').then(
        () => killAfter(PATIENCE),
        () => {},
      );
    };
    switch (moment.at) {
      case 'a time':
        killAfter(moment.after);
        break;
      case 'a line':
        // At once means at once.
        life.logged(moment.message).then(
          () => (moment.after === 0 ? life.kill() : killAfter(moment.after)),
          () => {},
        );
        giveUp();
        break;
      case 'a change': {
        let changes = 0;
        const watcher = watch(moment.of === 'keys' ? this.#keys : this.#state, () => {
          changes += 1;
          if (changes === moment.count) life.kill();
        });
        closers.push(() => watcher.close());
        giveUp();
        break;
      }
    }
    return () => closers.forEach((close) => close());
  }

  /** What must be so once it serves, and then one token after the other. */
  async #serve(life: Life, before: Ring | undefined): Promise<void> {
    try {
      await this.#check(life, before);
      while (!life.isKilled) {
        await this.#exchange();
        // Leaves the processor to the other series.
        await pass(20);
      }
    } catch (error) {
      // Requests that were under way, and lines that never came.
      if (!life.isKilled) throw error;
    }
  }

  async #check(life: Life, before: Ring | undefined): Promise<void> {
    await life.logged('parsec is serving');
    const signing = before?.keys.find((key) => key.signs_from !== undefined && key.signs_until === undefined);
    const { kid } = await life.logged('signer is ready');
    if (signing !== undefined) equal(kid, signing.kid);
    const ready = await fetch(`http://127.0.0.1:${this.ports[1]}/health/ready`);
    equal(ready.status, 200, await ready.text());
    const jwks = (await (await fetch(`${this.#url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
    const keys = createLocalJWKSet(jwks);
    const unexpired = [...this.#tokens.values()].filter((token) => (decodeJwt(token).exp ?? 0) > seconds());
    for (const token of unexpired) await jwtVerify(token, keys, { clockTolerance: TOKEN_LIFETIME });
    this.#count('starts that were checked');
    this.#count('tokens of earlier lives that verified', unexpired.length);
    await this.#exchange();
    this.#isChecked = true;
  }

  async #exchange(): Promise<void> {
    const response = await fetch(`${this.#url}/v1/token`, { method: 'POST', body: await this.lab.form(this.#url) });
    const { access_token: token } = (await response.json()) as { access_token?: string };
    equal(response.status, 200);
    this.#tokens.set(decodeProtectedHeader(String(token)).kid ?? '', String(token));
    this.#count('tokens issued');
  }

  /** Whatever is there is whole, and nobody else's business. */
  async #expectWhole(): Promise<void> {
    for (const directory of [this.#keys, this.#state]) {
      for (const name of await readdir(directory)) {
        const path = join(directory, name);
        equal((await stat(path)).mode & 0o077, 0, path);
        if (name.endsWith('.pem')) createPrivateKey(await readFile(path, 'utf8'));
        else if (name.endsWith('.tmp')) this.#count(`temporary files seen among the ${directory === this.#keys ? 'keys' : 'state'}`);
        else equal(name, 'main.json');
      }
    }
    await this.#ring();
  }

  async #ring(): Promise<Ring | undefined> {
    const text = await readFile(join(this.#state, 'main.json'), 'utf8').catch(() => '{}');
    return (JSON.parse(text) as { ring?: Ring }).ring;
  }

  /** Of keys, and of what was to become one. */
  async #idsOfFiles(): Promise<string[]> {
    return (await readdir(this.#keys)).map((name) =>
      name
        .split('.')
        .slice(name.startsWith('.') ? 1 : 0)
        .slice(0, 2)
        .join('.'),
    );
  }

  #count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }
}
