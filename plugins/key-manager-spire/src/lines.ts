const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of at most `limit` bytes; what of a line is beyond that is dropped. */
export class Lines {
  #held: Buffer = Buffer.alloc(0);
  #dropping = false;

  /** @param take gets each line without its end; `cut` where it is longer than that */
  constructor(
    private readonly limit: number,
    private readonly take: (line: string, cut: boolean) => void,
  ) {}

  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#hold(rest.subarray(0, end));
      this.end();
      rest = rest.subarray(end + 1);
    }
    this.#hold(rest);
  }

  /** The stream is over: what is held is the last line. */
  end(): void {
    if (!this.#dropping && this.#held.length > 0) this.#give(false);
    this.#dropping = false;
  }

  #hold(bytes: Buffer): void {
    if (this.#dropping) return;
    const room = this.limit - this.#held.length;
    this.#held = Buffer.concat([this.#held, bytes.subarray(0, room)]);
    if (bytes.length <= room) return;
    this.#give(true);
    this.#dropping = true;
  }

  #give(cut: boolean): void {
    const line = this.#held.toString('utf8').replace(/\r$/, '');
    this.#held = Buffer.alloc(0);
    this.take(line, cut);
  }
}
