import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from './clock.js';

/** Milliseconds without another event, so that who is writing has come to the end. */
const QUIET = 100;
/** Milliseconds after which somebody who writes all the time is not waited for. */
const LONGEST = 500;
/** Milliseconds between looks that no event asks for: some file systems tell nothing. */
const POLL = 5_000;

/** What watching needs beside a path. */
export interface WatchOptions {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Calls `look` soon after something may have changed at a path, and every five seconds anyway. What it finds there is for the caller to compare.
 * The directories are watched and not the file, because files are replaced, and ConfigMaps of Kubernetes swap a symbolic link beside them.
 * @param path a file or a directory, which may come and go
 */
export function watchPath(path: string, look: () => void, { clock, signal }: WatchOptions): void {
  let watchers: readonly FSWatcher[] = [];
  let cancelPoll = (): void => {};
  let cancelLook = (): void => {};
  let firstEventAt: number | undefined;

  const onEvent = (): void => {
    firstEventAt ??= clock.monotonic();
    cancelLook();
    const wait = Math.min(QUIET, Math.max(0, firstEventAt + LONGEST - clock.monotonic()));
    cancelLook = clock.schedule(wait, () => {
      firstEventAt = undefined;
      look();
    });
  };
  const unwatch = (): void => watchers.forEach((watcher) => watcher.close());
  // What was watched may have been replaced by another directory of the same name.
  const rewatch = (): void => {
    unwatch();
    watchers = [path, dirname(path)].flatMap((watched) => watchDirectory(watched, onEvent) ?? []);
  };
  const poll = (): void => {
    rewatch();
    look();
    cancelPoll = clock.schedule(POLL, poll);
  };

  if (signal.aborted) return;
  rewatch();
  cancelPoll = clock.schedule(POLL, poll);
  signal.addEventListener(
    'abort',
    () => {
      unwatch();
      cancelPoll();
      cancelLook();
    },
    { once: true },
  );
}

/** @returns `undefined` where nothing can be watched */
function watchDirectory(path: string, onEvent: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onEvent).on('error', () => {});
  } catch {
    return undefined;
  }
}
