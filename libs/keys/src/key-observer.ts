/** What a key manager is asked for. */
export type KeyOperation = 'sign' | 'prove' | 'make' | 'list' | 'delete';

/** Who is told what happens to keys, to count and time it. */
export interface KeyObserver {
  /** A key manager signed, in this many milliseconds. */
  signed(keyManager: string, milliseconds: number): void;
  /** A key manager failed, or answered with something wrong. */
  failed(keyManager: string, operation: KeyOperation): void;
  /** Another key signs from now on. */
  rotated(signer: string): void;
  /** A key could not be made, proved or put in force; the one that signs goes on. */
  rotationFailed(signer: string): void;
}
