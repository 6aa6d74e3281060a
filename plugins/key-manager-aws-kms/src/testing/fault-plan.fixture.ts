/** What happens to one request instead of its answer. */
export type Fault =
  /** An error document; `message` is what KMS says of it. */
  | { readonly status: number; readonly type: string; readonly message?: string }
  /** No answer, ever. */
  | 'hang'
  /** The connection breaks before anything was done. */
  | 'reset'
  /** The connection breaks after it was done. */
  | 'done_and_reset';

/** Which fault meets a request; `count` numbers the requests of its operation from 1. */
export type FaultPlan = (operation: string, count: number) => Fault | undefined;

export const THROTTLED: Fault = { status: 400, type: 'ThrottlingException', message: 'Rate exceeded' };
export const INTERNAL: Fault = { status: 500, type: 'KMSInternalException' };

/** The same fault for every request of these operations. */
export function always(fault: Fault, ...operations: readonly string[]): FaultPlan {
  return (operation) => (operations.includes(operation) ? fault : undefined);
}

/** One request of every five is throttled, at a place that the seed decides: two in a row happen, three do not. */
export function oneInFiveThrottled(seed: number, operation: string): FaultPlan {
  return (called, count) => {
    const block = Math.floor((count - 1) / 5);
    // A step of a linear congruential generator (Numerical Recipes), of which the high bits are the good ones.
    const place = (Math.imul(seed + block, 1_664_525) + 1_013_904_223) >>> 16;
    return called === operation && (count - 1) % 5 === place % 5 ? THROTTLED : undefined;
  };
}
