/** The steps of the road, in order. */
export type Step = 'parse' | 'authenticate' | 'read' | 'verify' | 'verify_actor' | 'authorize' | 'gather' | 'map' | 'issue';

/** What is known about one exchange so far. Holds no credential and no part of one. */
export interface ExchangeFactsSoFar {
  txn?: string;
  sub?: string;
  req_wl?: string;
  trusted_issuer?: string;
  /** `sub` of the actor, where there is one. */
  actor?: string;
  token_type?: string;
  subject_token_type?: string;
  scope?: string;
  /** What decided: `authorizer/rule`, one for each authorizer. */
  rules?: readonly string[];
  /** How many members of context and details the requester is not believed about, and the names of some. */
  ignored_count?: number;
  ignored_members?: readonly string[];
  /** Data sources whose data had to be left out. */
  left_out?: readonly string[];
  /** SHA-256 of the token, base64url. */
  token_hash?: string;
  token_bytes?: number;
}

/** What the road tells its observer about one exchange. */
export class ExchangeRecord {
  readonly facts: ExchangeFactsSoFar = {};
  /** Milliseconds that each step took, for the steps that were begun. */
  readonly durations = new Map<Step, number>();
  readonly #startedAt = performance.now();

  constructor(
    /** Address of the peer. */
    readonly peerIp: string,
    /** Trace id of the caller's trace (W3C Trace Context), where it sent one. */
    readonly traceId: string | undefined,
  ) {}

  /** Milliseconds since the exchange began. */
  get elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  /** Runs one step and measures it. */
  async step<Result>(name: Step, run: () => Result | Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    try {
      return await run();
    } finally {
      this.durations.set(name, performance.now() - startedAt);
    }
  }
}
