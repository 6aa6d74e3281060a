import { UnavailableError, type Clock, type JsonValue, type PluginLogger } from '@parsec/plugin-sdk';
import { Redis } from 'ioredis';
import { Seal } from './seal.js';
import type { Replacement, SharedDocument, SharedDocuments, SharedMarks, SharedView, State } from './shared-documents.js';

const CONNECT_TIMEOUT = 2_000;
const COMMAND_TIMEOUT = 1_000;
const LONGEST_RECONNECT = 1_000;
/** How long what a replica said stays when it says nothing more. Milliseconds. */
const PRESENCE_LEASE = 24 * 3_600_000;

/** Bounds on what somebody who can write to Redis makes us read: fields of a set, and bytes of each. */
const MAX_FIELDS = 2_000;
const MAX_VALUE = 65_536;
/** How often it is told that entries were ignored, milliseconds. */
const TELL_AGAIN = 60_000;

/** Fields that documents and presences have in the hash of a set. */
const DOCUMENT = 'document:';
const REPLICA = 'replica:';

/*
 * KEYS: the hash of the set, and the sorted set of when its fields end. Redis' own clock decides, as the replicas' may differ.
 * Both run whole or not at all, so two replicas never see half of what a third one does.
 */
const EXPIRE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, field in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('HDEL', KEYS[1], field)
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
`;

/** ARGV: presence field, its value, its lease; then field and lease of each document to renew. */
const SYNC = `${EXPIRE}
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
for i = 4, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then redis.call('ZADD', KEYS[2], now + ARGV[i + 1], ARGV[i]) end
end
local view = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #view < ${2 * MAX_FIELDS} and redis.call('HSTRLEN', KEYS[1], field) <= ${MAX_VALUE} then
    view[#view + 1] = field
    view[#view + 1] = redis.call('HGET', KEYS[1], field)
  end
end
return view
`;

/** ARGV: field, expected value ('' for none), value, lease ('' for none), prefix of which there must be no field yet ('' for any) but those that follow. */
const REPLACE = `${EXPIRE}
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[5] ~= '' then
  local ignored = {}
  for i = 6, #ARGV do ignored[ARGV[i]] = true end
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, #ARGV[5]) == ARGV[5] and not ignored[field] then return 0 end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] == '' then redis.call('ZREM', KEYS[2], ARGV[1]) else redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[1]) end
return 1
`;

/** What {@link RedisState} needs. */
export interface RedisStateSettings {
  /** `redis:` or `rediss:`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Known to the replicas and to nobody else; at least 32 characters. */
  readonly secret: string;
  /** Trust domains do not see each other's state. */
  readonly trustDomain: string;
  /** The name of this replica, its own among all. */
  readonly replica: string;
  readonly clock: Clock;
  readonly logger: PluginLogger;
}

interface Scripts {
  parsecSync(...parameters: (string | number)[]): Promise<string[]>;
  parsecReplace(...parameters: (string | number)[]): Promise<number>;
}

type Command<Result> = (redis: Redis & Scripts) => Promise<Result>;

/**
 * State that replicas share over Redis or Valkey. Redis is no root of trust: what is not sealed with the secret is not there.
 * While Redis is out every call fails at once, and the connection is made again by itself.
 */
export class RedisState implements State, SharedMarks {
  readonly shared = true;
  readonly replica: string;
  readonly #settings: RedisStateSettings;
  readonly #redis: Redis & Scripts;
  readonly #seal: Seal;
  /** Unknown until something was asked. */
  #up: boolean | undefined;
  /** What the connection failed with last. */
  #problem: string | undefined;

  private constructor(settings: RedisStateSettings) {
    this.replica = settings.replica;
    this.#settings = settings;
    this.#seal = new Seal(settings.secret, 'shared state');
    this.#redis = connect(settings);
    // Without a listener the error of a lost connection would end the process; that it is lost shows at the next command.
    this.#redis.on('error', (error: Error) => {
      this.#problem = error.message;
    });
  }

  /** Waits a little for the connection; where it cannot be had it is tried again by itself. */
  static async open(settings: RedisStateSettings): Promise<RedisState> {
    const state = new RedisState(settings);
    await state.#redis.connect().catch(() => {});
    return state;
  }

  get up(): boolean {
    return this.#up === true;
  }

  get marks(): SharedMarks {
    return this;
  }

  documents(set: string): SharedDocuments {
    return new RedisDocuments((command) => this.#ask(command), this.#seal, set, this.#settings);
  }

  async mark(identifier: string, lifetime: number): Promise<boolean> {
    // Hashed with the secret, so that nobody who reads Redis learns what was marked.
    const key = `parsec:{${this.#settings.trustDomain}/marks}:${this.#seal.digest(identifier)}`;
    return this.#ask(async (redis) => (await redis.set(key, '', 'PX', Math.ceil(lifetime), 'NX')) === 'OK');
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  /** @throws UnavailableError where Redis does not answer */
  async #ask<Result>(command: Command<Result>): Promise<Result> {
    try {
      const result = await command(this.#redis);
      this.#turn(true);
      return result;
    } catch (error) {
      if (this.#up !== false) this.#problem ??= (error as Error).message;
      this.#turn(false);
      throw new UnavailableError('the shared state did not answer', { reason: 'state_unavailable', cause: error });
    }
  }

  #turn(up: boolean): void {
    if (this.#up === up) return;
    this.#up = up;
    const { logger } = this.#settings;
    if (up) logger.info('the shared state is up');
    else logger.warn('the shared state is out; this replica goes on with what it knows', { problem: this.#problem });
    this.#problem = undefined;
  }
}

/** Two clients that failed at once would come back at once, so the delays differ. */
function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), LONGEST_RECONNECT) * (0.75 + Math.random() / 4);
}

function connect({ url, username, password }: RedisStateSettings): Redis & Scripts {
  const options = {
    lazyConnect: true,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_TIMEOUT,
    commandTimeout: COMMAND_TIMEOUT,
    // A connection on which nothing comes back holds every command that was given up.
    socketTimeout: 3 * COMMAND_TIMEOUT,
    // After a failover this is the replica, and the new primary is elsewhere.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectDelay,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    scripts: { parsecSync: { lua: SYNC, numberOfKeys: 2 }, parsecReplace: { lua: REPLACE, numberOfKeys: 2 } },
  };
  return new Redis(url, options) as unknown as Redis & Scripts;
}

class RedisDocuments implements SharedDocuments {
  readonly shared = true;
  readonly #keys: readonly [string, string];
  /** What is there and not sealed with the secret, by field: as good as nothing, and to be replaced as if it were. */
  #rejected: ReadonlyMap<string, string> = new Map();
  #tellAgainAt = 0;

  constructor(
    private readonly ask: <Result>(command: Command<Result>) => Promise<Result>,
    private readonly seal: Seal,
    private readonly set: string,
    private readonly settings: RedisStateSettings,
  ) {
    // The braces keep both on one node of a cluster.
    const prefix = `parsec:{${settings.trustDomain}/${set}}`;
    this.#keys = [`${prefix}:fields`, `${prefix}:leases`];
  }

  async sync(presence: JsonValue, renew: ReadonlyMap<string, number> = new Map()): Promise<SharedView> {
    const field = REPLICA + this.settings.replica;
    const sealed = this.seal.close(this.#place(field), JSON.stringify(presence));
    const reply = await this.ask((redis) => redis.parsecSync(...this.#keys, field, sealed, PRESENCE_LEASE, ...leases(renew)));
    return this.#read(reply);
  }

  async replace(name: string, { expected, value, onlyFirst = false, lease }: Replacement): Promise<SharedDocument | undefined> {
    const field = DOCUMENT + name;
    const text = this.seal.close(this.#place(field), JSON.stringify(value));
    const done = await this.ask((redis) =>
      redis.parsecReplace(
        ...this.#keys,
        field,
        expected?.text ?? this.#rejected.get(field) ?? '',
        text,
        lease ?? '',
        ...(onlyFirst ? [DOCUMENT, ...this.#rejected.keys()] : ['']),
      ),
    );
    return done === 1 ? { value, text } : undefined;
  }

  #tellOf(rejected: ReadonlyMap<string, string>): void {
    const { logger, clock } = this.settings;
    const news = [...rejected].filter(([field, text]) => this.#rejected.get(field) !== text).map(([field]) => field);
    if (news.length === 0 || clock.monotonic() < this.#tellAgainAt) return;
    this.#tellAgainAt = clock.monotonic() + TELL_AGAIN;
    const details = { set: this.set, entries: news.length, field: news[0] };
    logger.error('ignored entries of the shared state that are not sealed with the secret', details);
  }

  #place(field: string): readonly string[] {
    return [this.settings.trustDomain, this.set, field];
  }

  #read(reply: readonly string[]): SharedView {
    const documents = new Map<string, SharedDocument>();
    const replicas = new Map<string, JsonValue>();
    const rejected = new Map<string, string>();
    for (let index = 0; index + 1 < reply.length; index += 2) {
      const [field, text] = [reply[index] as string, reply[index + 1] as string];
      const opened = this.seal.open(this.#place(field), text);
      if (opened === undefined) rejected.set(field, text);
      else if (field.startsWith(DOCUMENT)) documents.set(field.slice(DOCUMENT.length), { value: JSON.parse(opened) as JsonValue, text });
      else if (field.startsWith(REPLICA)) replicas.set(field.slice(REPLICA.length), JSON.parse(opened) as JsonValue);
    }
    this.#tellOf(rejected);
    this.#rejected = rejected;
    return { documents, replicas };
  }
}

function leases(renew: ReadonlyMap<string, number>): (string | number)[] {
  return [...renew].flatMap(([name, lease]) => [DOCUMENT + name, lease]);
}
