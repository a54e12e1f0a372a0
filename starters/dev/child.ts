import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Ending {
  /** 127 when it could not be started at all. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Child {
  pid: number;
  ended: Promise<Ending>;
  hasEnded(): boolean;
  /** Ends it in order; kills it with `hurry`, or when its time is over. */
  stop(hurry?: boolean): Promise<void>;
}

interface ChildOptions {
  env?: NodeJS.ProcessEnv;
  stdio: StdioOptions;
  /** True: it outlives this process. Otherwise (on Linux) it ends with this process, however that ends. */
  outlive?: boolean;
  stopTimeout: number;
}

/** The program gets its own session: Ctrl-C in the terminal must not end all programs at once. */
export function startChild(command: string[], { env, stdio, outlive, stopTimeout }: ChildOptions): Child {
  // setpriv is in util-linux, so it is on Linux only.
  const tied = outlive || process.platform !== 'linux' ? [] : ['setpriv', '--pdeathsig', 'TERM', '--'];
  const [file = '', ...argv] = [...tied, ...command];
  const child = spawn(file, argv, { env, stdio, detached: true });
  const ended = once(child, 'exit').then(
    ([code, signal]) => ({ code, signal }) as Ending,
    () => ({ code: 127, signal: null }),
  );
  const hasEnded = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const stop = async (hurry = false) => {
    if (hasEnded()) return;
    child.kill(hurry ? 'SIGKILL' : 'SIGTERM');
    const inTime = new AbortController();
    const late = sleep(stopTimeout, undefined, { signal: inTime.signal }).catch(() => undefined);
    await Promise.race([ended, late]);
    inTime.abort();
    if (!hasEnded()) child.kill('SIGKILL');
    await ended;
  };
  if (outlive) child.unref();
  return { pid: child.pid ?? 0, ended, hasEnded, stop };
}

export function describeEnding({ code, signal }: Ending): string {
  return signal ? `killed by ${signal}` : `exit code ${code}`;
}
