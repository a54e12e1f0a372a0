import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { untilPrinted } from './printed';
import { workflowBundle } from './workflow-bundle';

/** Spillway's own worker, run from the sources in a process of its own. */
export interface WorkerProcess {
  readonly pid: number;
  /** Resolves when the process ended, whyever. */
  readonly ended: Promise<void>;
  /** What it printed last. */
  log(): string;
  /** Lets it drain. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** After that it hangs. */
const START_LIMIT_MS = 180_000;
const root = join(__dirname, '../..');

export interface WorkerProgram {
  /** As the build made it, rather than from the sources and able to crash. */
  compiled?: boolean;
  /** The compiled program of another version. */
  program?: string;
  /** Path of another Node.js. */
  node?: string;
}

/**
 * Starts a worker and waits until it polls.
 * @throws when it ends before that, with what it printed.
 */
export async function startWorker(env: Record<string, string>, how: WorkerProgram = {}): Promise<WorkerProcess> {
  const { compiled = false, node = process.execPath, program: other } = how;
  // So that no worker has to bundle them for itself.
  await workflowBundle();
  const preload = ['-r', join(__dirname, 'typescript.js'), '-r', join(__dirname, 'crash-worker.ts')];
  const sources = [...preload, join(root, 'workers/main.ts')];
  const built = other ?? (compiled ? join(root, 'dist/workers/main.js') : undefined);
  const program = [node, ...(built ? [built] : sources)];
  // `--pdeathsig`: a worker must not outlive a test run that was killed.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...program], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const ended = once(child, 'exit').then(() => undefined);
  const closed = once(child, 'close');
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (log = (log + data.toString()).slice(-40_000)));
  const hangs = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
  await untilPrinted(child, () => log, 'worker polls').finally(() => clearTimeout(hangs));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const stop = async () => {
    child.kill('SIGTERM');
    // Its last output may come after `ended`.
    await closed;
  };
  return { pid: child.pid ?? 0, ended, log: () => log, stop, kill };
}
