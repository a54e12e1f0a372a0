import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadOptions, LoadReport } from './load-process';

/** Traffic that runs in a process of its own, so that neither the test's event loop nor a busy test distorts it. */
export interface Load {
  /** Answers what it saw so far. */
  report(): Promise<LoadReport>;
  /** Waits until the requests in flight have ended, and answers what it saw by then. */
  settled(): Promise<LoadReport>;
  /** Finishes what is in flight, and answers the final report; again the same. */
  stop(): Promise<LoadReport>;
}

/** Longest life of a load, in ms: it stops by itself even when the test that started it was killed. */
const LONGEST = 20 * 60_000;
/** Milliseconds after which a load that does not answer hangs. */
const HANGS_MS = 120_000;

/**
 * Starts bounded traffic on a loopback address. It ends with `stop()`, after `longestMs`, or with this process.
 * @throws when it does not begin.
 */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const child = fork(join(__dirname, 'load-process.ts'), [JSON.stringify({ longestMs: LONGEST, ...options })], {
    execArgv: ['-r', join(__dirname, 'typescript.js')],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    await reply(child, 'started');
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  let stopped: Promise<LoadReport> | undefined;
  const stop = async () => {
    const report = await ask(child, 'stop');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return report;
  };
  return { report: () => ask(child, 'report'), settled: () => ask(child, 'settled'), stop: () => (stopped ??= stop()) };
}

async function ask(child: ChildProcess, what: 'report' | 'settled' | 'stop'): Promise<LoadReport> {
  const answer = reply(child, what);
  child.send(what);
  return answer;
}

function reply(child: ChildProcess, to: string): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    const settle = (body: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      body();
    };
    const onMessage = (message: { to: string; report: LoadReport }) => {
      if (message.to === to) settle(() => resolve(message.report));
    };
    const onExit = (code: number | null) => settle(() => reject(new Error(`the load ended by itself: exit ${code}`)));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`expected the load to answer "${to}" within ${HANGS_MS} ms`))),
      HANGS_MS,
    );
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

export type { LoadOptions, LoadReport } from './load-process';
