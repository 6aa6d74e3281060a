import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { mkdir, open, readdir, rename, unlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, ParsecError, UnavailableError, type JsonObject, type JsonValue } from '@parsec/plugin-sdk';
import type { Replacement, SharedDocument, SharedDocuments, SharedView, State } from './shared-documents.js';

/** Conditions that pass without anybody touching the directory. */
const PASSING: ReadonlySet<string> = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'ESTALE', 'ETIMEDOUT']);

const WRITABLE_BY_OTHERS = 0o022;
/** Thousands of keys. */
const MAX_BYTES = 4 * 1024 * 1024;

/** State of one replica: in this process, and what must outlive it in files of one directory. */
export class LocalState implements State {
  readonly shared = false;
  readonly replica = 'local';
  readonly up = true;
  readonly marks = undefined;

  /** @param directory made, mode 0700, when there is something to write */
  constructor(private readonly directory: string) {}

  documents(set: string, lasting: (value: JsonValue) => JsonValue | undefined = (value) => value): SharedDocuments {
    return new LocalDocuments(this.directory, set, lasting);
  }

  async close(): Promise<void> {}
}

/** One file holds the set. It is replaced whole or not at all, and never when somebody else has changed it meanwhile. */
class LocalDocuments implements SharedDocuments {
  readonly shared = false;
  readonly #file: string;
  #fileText: string | undefined;
  #hasWritten = false;
  #documents: ReadonlyMap<string, SharedDocument> = new Map();

  constructor(
    private readonly directory: string,
    private readonly set: string,
    private readonly lasting: (value: JsonValue) => JsonValue | undefined,
  ) {
    this.#file = join(directory, `${set}.json`);
  }

  async sync(): Promise<SharedView> {
    const text = await this.#read();
    if (text !== this.#fileText) {
      this.#documents = text === undefined ? new Map() : this.#parse(text);
      this.#fileText = text;
    }
    return { documents: this.#documents, replicas: new Map() };
  }

  async replace(name: string, { expected, value, onlyFirst = false }: Replacement): Promise<SharedDocument | undefined> {
    const changed = this.#documents.get(name)?.text !== expected?.text || (onlyFirst && this.#documents.size > 0);
    if (changed || (await this.#read()) !== this.#fileText) return undefined;
    const document = { value, text: JSON.stringify(value) };
    const documents = new Map([...this.#documents, [name, document]]);
    const kept = Object.fromEntries(
      [...documents].map(([each, { value: whole }]) => [each, this.lasting(whole)] as const).filter(([, part]) => part !== undefined),
    );
    const text = `${JSON.stringify(kept, undefined, 2)}\n`;
    const isNews = this.#fileText === undefined ? Object.keys(kept).length > 0 : text !== this.#fileText;
    if (isNews) {
      await this.#write(text);
      this.#fileText = text;
    }
    this.#documents = documents;
    return document;
  }

  async #read(): Promise<string | undefined> {
    try {
      this.#refuseOthers(this.directory, await stat(this.directory));
      // No symbolic link, and no pipe that would be waited for.
      const file = await open(this.#file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const stats = await file.stat();
        if (!stats.isFile() || stats.size > MAX_BYTES) throw this.#refusal(`${this.#file} is no file that parsec wrote`);
        this.#refuseOthers(this.#file, stats);
        return await file.readFile('utf8');
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof ParsecError) throw error;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw this.#failure('read', error);
    }
  }

  #parse(text: string): ReadonlyMap<string, SharedDocument> {
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch {
      content = undefined;
    }
    if (!isJsonObject(content)) {
      throw this.#refusal(`${this.#file} is corrupt: restore it, or move it away to begin without it`);
    }
    const documents: JsonObject = content;
    return new Map(Object.entries(documents).map(([name, value]) => [name, { value, text: JSON.stringify(value) }]));
  }

  async #write(text: string): Promise<void> {
    const temporary = join(this.directory, `.${this.set}.${randomUUID()}.tmp`);
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      if (!this.#hasWritten) await this.#removeLeftovers();
      this.#hasWritten = true;
      try {
        await writeDurably(temporary, text);
        await rename(temporary, this.#file);
      } catch (error) {
        await unlink(temporary).catch(() => {});
        throw error;
      }
      await sync(this.directory);
    } catch (error) {
      throw this.#failure('written', error);
    }
  }

  /** What processes that crashed were writing. */
  async #removeLeftovers(): Promise<void> {
    const leftovers = (await readdir(this.directory)).filter(
      (name) => name.startsWith(`.${this.set}.`) && /^[\w-]+\.tmp$/.test(name.slice(this.set.length + 2)),
    );
    for (const name of leftovers) await unlink(join(this.directory, name));
  }

  /** Whoever may write here decides which keys are published, and so who can make tokens. */
  #refuseOthers(path: string, { mode, uid }: Stats): void {
    if ((mode & WRITABLE_BY_OTHERS) !== 0) throw this.#refusal(`${path} may be written to by others than its owner`);
    if (uid !== 0 && uid !== process.getuid?.()) throw this.#refusal(`${path} belongs to another user`);
  }

  #refusal(message: string): ParsecError {
    return new ParsecError('PARSEC_STATE_INVALID', message);
  }

  #failure(doing: string, error: unknown): ParsecError {
    const { code = 'failed' } = error as NodeJS.ErrnoException;
    const message = `${this.#file} could not be ${doing} (${code})`;
    return PASSING.has(code)
      ? new UnavailableError(message, { cause: error })
      : new ParsecError('PARSEC_STATE_INVALID', message, { cause: error });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
