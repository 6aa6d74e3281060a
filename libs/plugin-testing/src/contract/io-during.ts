import { Session, type Profiler } from 'node:inspector';

/** Node's own modules that do I/O or start something, public and internal. `internal/fs/utils` and `internal/net` only compute. */
const IO =
  /^node:(?!internal\/net$)(?:internal\/)?(?:deps\/undici\/.*|fs\/(?:promises|streams|watchers)|fs|dns\/(?:promises|utils|callback_resolver)|(?:dns|net|tls|http|https|http2|dgram|child_process|worker|worker_threads|cluster|timers|timers\/promises))$/;

/**
 * Runs `action` and tells which functions of Node's I/O modules ran meanwhile, such as `fs.readFileSync`.
 * It counts calls inside the engine (which upsets a coverage measurement by V8 that runs at the same time), since replacing the functions of `node:fs` does not reach a module that imported them by name.
 */
export function ioDuring(action: () => void): readonly string[] {
  const session = new Session();
  session.connect();
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    // Taking the counts sets them to zero.
    takeCounts(session);
    action();
    return takeCounts(session).flatMap(functionsThatRan);
  } finally {
    session.disconnect();
  }
}

function takeCounts(session: Session): readonly Profiler.ScriptCoverage[] {
  let scripts: readonly Profiler.ScriptCoverage[] = [];
  // Answers before `post` returns.
  session.post('Profiler.takePreciseCoverage', (_error, coverage) => {
    scripts = coverage.result;
  });
  return scripts;
}

function functionsThatRan({ url, functions }: Profiler.ScriptCoverage): string[] {
  if (!IO.test(url)) return [];
  const ran = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
  return ran.map(({ functionName }) => `${url.slice('node:'.length)}.${functionName}`);
}
