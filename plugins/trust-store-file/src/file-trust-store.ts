import { extname, resolve } from 'node:path';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import {
  CLOCK,
  INSTANCE,
  LOGGER,
  ParsecError,
  watchPath,
  type Clock,
  type Health,
  type InstanceContext,
  type PluginLogger,
  type TrustedIssuer,
  type TrustStore,
} from '@parsec/plugin-sdk';
import { FileTrustStoreOptions } from './options.js';
import { DocumentRefused, readDocument } from './read-document.js';
import { readTexts, type FileText } from './read-documents.js';

interface Document {
  /** As it was last read, good or not. */
  readonly text: string | undefined;
  readonly problem: string | undefined;
  /** What it said when it was last good. */
  readonly issuers: readonly TrustedIssuer[];
}

/** Trusted issuers in a document, or in a directory of them. A document that is broken says what it said before. */
@Injectable()
export class FileTrustStore implements TrustStore, OnModuleInit {
  readonly #path: string;
  #documents: ReadonlyMap<string, Document> = new Map();
  #issuers: readonly TrustedIssuer[] = [];
  /** Each with the path that it is about. */
  #problems: readonly string[] = [];
  #looks: Promise<void> = Promise.resolve();
  #changed = (): void => {};

  constructor(
    { path }: FileTrustStoreOptions,
    @Inject(INSTANCE) private readonly instance: InstanceContext,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: PluginLogger,
  ) {
    this.#path = resolve(instance.directory, path);
  }

  async onModuleInit(): Promise<void> {
    await this.#look();
    const [problem] = this.#problems;
    if (problem !== undefined) throw new ParsecError('PARSEC_CONFIGURATION_INVALID', problem);
    watchPath(this.#path, () => this.#lookAgain(), { clock: this.clock, signal: this.instance.signal });
  }

  trustedIssuers(): readonly TrustedIssuer[] {
    return this.#issuers;
  }

  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** Up all the same with a problem: what is known is good. */
  health(): Health {
    return this.#problems.length === 0 ? { status: 'up' } : { status: 'up', detail: this.#problems.join('; ') };
  }

  #lookAgain(): void {
    const before = this.#looks;
    this.#looks = (async () => {
      await before;
      if (!this.instance.signal.aborted) await this.#look();
    })();
  }

  async #look(): Promise<void> {
    const texts = await readTexts(this.#path);
    if (this.instance.signal.aborted) return;
    const [only] = texts;
    // Where not even the directory can be read, nothing is known about what is in it.
    if (only !== undefined && 'problem' in only && only.path === this.#path) return this.#tell([`${only.path} ${only.problem}`]);
    const documents = new Map(texts.map((text) => [text.path, this.#read(text)]));
    const repeated = findRepeated(documents);
    this.#tell([
      ...[...documents].flatMap(([path, { problem }]) => (problem === undefined ? [] : [`${path} ${problem}`])),
      ...(repeated === undefined ? [] : [repeated]),
    ]);
    this.#documents = documents;
    if (repeated !== undefined) return;
    const issuers = [...documents.values()].flatMap((document) => document.issuers);
    const isSame = issuers.length === this.#issuers.length && issuers.every((issuer, index) => issuer === this.#issuers[index]);
    if (isSame) return;
    this.#issuers = issuers;
    this.#changed();
  }

  #read(file: FileText): Document {
    const before = this.#documents.get(file.path);
    const issuers = before?.issuers ?? [];
    if ('problem' in file) return { text: undefined, problem: file.problem, issuers };
    if (before !== undefined && before.text === file.text) return before;
    try {
      return { text: file.text, problem: undefined, issuers: readDocument(file.text, extname(file.path) === '.json') };
    } catch (error) {
      if (!(error instanceof DocumentRefused)) throw error;
      return { text: file.text, problem: error.message, issuers };
    }
  }

  #tell(problems: readonly string[]): void {
    for (const problem of problems.filter((one) => !this.#problems.includes(one))) {
      this.logger.error('a document of trusted issuers is not read; what it said before stays', { problem });
    }
    if (problems.length === 0 && this.#problems.length > 0) this.logger.info('all documents of trusted issuers are read again');
    this.#problems = problems;
  }
}

/** Where one issuer stands in two documents, nobody can say which one is meant. */
function findRepeated(documents: ReadonlyMap<string, Document>): string | undefined {
  const first = new Map<string, string>();
  for (const [path, { issuers }] of documents) {
    for (const key of issuers.flatMap(({ name, issuer }) => [`name "${name}"`, `iss "${issuer}"`])) {
      const other = first.get(key);
      if (other !== undefined) return `${path} has an issuer of the ${key}, and so has ${other}`;
      first.set(key, path);
    }
  }
  return undefined;
}
