import { createHook } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';

/** What an instance can forget to close, as Node names it. `Timeout` is every timer, also one that keeps no process alive. */
const HANDLES =
  /^(?:Timeout|TCPWRAP|TCPSERVERWRAP|PIPEWRAP|PIPESERVERWRAP|UDPWRAP|TLSWRAP|HTTP2SESSION|PROCESSWRAP|FSEVENTWRAP|STATWATCHER|WORKER|SIGNALWRAP)$/;

/** Handles may take a moment to close, milliseconds. */
const PATIENCE = 2_000;

/** Runs `action` and tells which timers, sockets, processes, watchers and threads it has begun and left. */
export async function leftAfter(action: () => Promise<void>): Promise<readonly string[]> {
  const open = new Map<number, string>();
  const hook = createHook({
    init(id, type) {
      if (HANDLES.test(type)) open.set(id, type);
    },
    destroy(id) {
      open.delete(id);
    },
  });
  hook.enable();
  try {
    await action();
    const end = performance.now() + PATIENCE;
    do await setImmediate();
    while (open.size > 0 && performance.now() < end);
    return [...open.values()];
  } finally {
    hook.disable();
  }
}
