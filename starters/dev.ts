import { extname, join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { ConfigurationFailure, UnreachableFailure } from '../domain/failures';
import { DEFAULT_TASK_QUEUE } from '../domain/names';
import { temporalSettings } from '../domain/temporal-address';
import { until } from '../waiting/until';
import { startChild, type Child, type Ending } from './dev/child';
import { connect } from './asking/client';
import { EXIT } from './exit-codes';
import { keepRunning, type Kept } from './dev/keep-running';
import { JSON_OPTION, run, type Out } from './output';
import { standardDatabase, startTemporal, type TemporalOptions } from './dev/temporal-server';

/** Milliseconds; longer than SPILLWAY_SHUTDOWN_GRACE, which running steps get. */
const WORKER_STOP_TIMEOUT = 60_000;
const POLL_TIMEOUT = 30_000;
const POLL_PAUSE = 100;
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\]):(\d+)$/;

interface DevOptions {
  port?: number;
  uiPort?: number;
  database?: string;
  json?: boolean;
}

interface Ready {
  address: string;
  namespace: string;
  /** Absent when a Temporal that ran already does not tell it. */
  uiUrl?: string;
  database?: string;
  temporal: 'started' | 'found';
  temporalPid?: number;
  workerPid: number;
  /** False when it did not ask for work within 30 s, or is being started again. */
  workerPolls: boolean;
}

type Connected = Omit<Ready, 'workerPid' | 'workerPolls'>;

export function registerDev(program: Command): void {
  program
    .command('dev')
    .description('Runs Temporal, with its Web UI and a database file that survives restarts, and a worker.')
    .option('--port <number>', 'port of Temporal (7233)', parsePort)
    .option('--ui-port <number>', 'port of the Web UI (1000 more)', parsePort)
    .option('--database <file>', `file in which Temporal keeps everything (${standardDatabase(process.env)})`)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
With TEMPORAL_ADDRESS set to a Temporal that answers, that one is used. Otherwise its program is looked for on the path,
then in the cache, then downloaded, then built with Go. Ctrl-C lets the worker finish its steps; once more ends it at once.

Examples:
  spillway dev
  spillway dev --port 7300 --database ./temporal.db

Exit codes: 0 stopped · 64 wrong usage or configuration, a port or the database in use · 69 Temporal does not answer`,
    )
    .action((options: DevOptions) => run(options, (out) => dev(options, out)));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 64_535) return port;
  throw new InvalidArgumentError(`expected a port from 1 to 64535, seen "${text}"`);
}

async function dev(options: DevOptions, out: Out): Promise<void> {
  const kept: Kept[] = [];
  // Until here Ctrl-C ends this process and all that it started.
  const temporal = await openTemporal(options, out, kept);
  const asked = whenAsked();
  try {
    const env = workerEnvironment(temporal);
    const startWorker = () => Promise.resolve(startWorkerProcess(env));
    const worker = await startWorker();
    const keptWorker = keepRunning(worker, {
      name: 'the worker',
      start: startWorker,
      onRestart: out.note,
      isHopeless,
    });
    // They stop newest first: running steps end before Temporal does.
    kept.unshift(keptWorker);
    const polling = untilPolling(env, worker);
    const failed = Promise.race(kept.map((one) => one.failed));
    const workerPolls = (await Promise.race([polling, failed, asked.stop])) === true;
    if (!asked.isStopping()) announce({ ...temporal, workerPid: worker.pid, workerPolls }, out);
    await Promise.race([failed, asked.stop]);
    out.note('stopping: the worker finishes its steps; once more ends it at once');
  } finally {
    await stopAll(kept, asked.hurry);
    asked.forget();
  }
}

async function stopAll(kept: Kept[], hurry: Promise<void>): Promise<void> {
  let hurried = false;
  void hurry.then(() => {
    hurried = true;
    return Promise.all(kept.map((one) => one.stop(true)));
  });
  for (const one of kept) await one.stop(hurried);
}

/** Uses the Temporal of TEMPORAL_ADDRESS when it answers, else starts one and keeps it running. */
async function openTemporal(options: DevOptions, out: Out, kept: Kept[]): Promise<Connected> {
  const settings = temporalSettings(process.env);
  const { namespace, address } = settings;
  if (process.env.TEMPORAL_ADDRESS) {
    const found = await connect(settings).catch((error: unknown) => error as Error);
    if (!(found instanceof Error)) {
      await found.connection.close();
      noteUnused(options, address, out);
      return { temporal: 'found', address, namespace };
    }
    if (!LOOPBACK.test(address)) throw foundNone(address, found);
    out.note(`TEMPORAL_ADDRESS says ${address}, where nothing answers: starting Temporal there`);
  }
  const port = options.port ?? Number(LOOPBACK.exec(address)?.[2] ?? 7233);
  const { uiPort = port + 1_000, database } = options;
  const start = (): Promise<Awaited<ReturnType<typeof startTemporal>>> =>
    startTemporal({ port, uiPort, database, namespace, onProgress: out.note } satisfies TemporalOptions);
  const server = await start();
  kept.push(keepRunning(server, { name: 'Temporal', start, onRestart: out.note }));
  const { uiUrl, pid } = server;
  return {
    temporal: 'started',
    address: server.address,
    namespace,
    uiUrl,
    database: server.database,
    temporalPid: pid,
  };
}

function noteUnused({ port, uiPort, database }: DevOptions, address: string, out: Out): void {
  const given = Object.entries({ '--port': port, '--ui-port': uiPort, '--database': database });
  const unused = given.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (unused.length > 0)
    out.note(
      `not used: ${unused.join(', ')}; a Temporal answers at ${address}, as TEMPORAL_ADDRESS says: unset it to start one`,
    );
}

function foundNone(address: string, cause: Error): UnreachableFailure {
  return new UnreachableFailure(
    `expected Temporal at ${address}, as TEMPORAL_ADDRESS says, seen no answer; start it, correct the variable, or ` +
      'unset it: then one is started here',
    { cause },
  );
}

function workerEnvironment({ temporal, address, namespace }: Connected): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
  // The server that was started here speaks plain text and asks for no key.
  const others = Object.keys(env).filter((name) => /^TEMPORAL_(TLS|API_KEY)/.test(name));
  if (temporal === 'started') for (const name of others) delete env[name];
  return env;
}

function startWorkerProcess(env: NodeJS.ProcessEnv): Child {
  const main = join(__dirname, '..', 'workers', `main${extname(__filename)}`);
  return startChild([process.execPath, ...process.execArgv, main], {
    env,
    // Its log must not mix with the answer of this command.
    stdio: ['ignore', process.stderr, process.stderr],
    stopTimeout: WORKER_STOP_TIMEOUT,
  });
}

function isHopeless({ code }: Ending): Error | undefined {
  if (code !== EXIT.usage) return undefined;
  return new ConfigurationFailure(
    'expected the worker to start, seen that it refuses its configuration; its message stands above',
  );
}

/** Waits at most 30 s until Temporal sees this worker ask for work. */
async function untilPolling(env: NodeJS.ProcessEnv, worker: Child): Promise<boolean> {
  const taskQueue = { name: process.env.SPILLWAY_TASK_QUEUE || DEFAULT_TASK_QUEUE };
  const settings = temporalSettings(env);
  const { namespace } = settings;
  const { connection } = await connect(settings);
  const isPolling = async () => {
    const { pollers } = await connection.workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: 1 });
    return pollers.some(({ identity }) => identity?.startsWith(`${worker.pid}@`));
  };
  try {
    const polls = await until({ signal: null, pause: POLL_PAUSE, limit: POLL_TIMEOUT }, async () => {
      if (worker.hasEnded()) return false;
      return (await isPolling().catch(() => false)) || undefined;
    });
    return polls ?? false;
  } finally {
    await connection.close();
  }
}

function announce(ready: Ready, out: Out): void {
  const { temporal, address, uiUrl, database, workerPid, workerPolls } = ready;
  const lines = [
    `Temporal   ${address}${temporal === 'found' ? ' (was there)' : ''}`,
    ...(uiUrl ? [`Web UI     ${uiUrl}`] : []),
    ...(database ? [`Database   ${database}`] : []),
    `Worker     process ${workerPid}${workerPolls ? '' : ', which does not ask for work yet: see its log'}`,
    ...(address === '127.0.0.1:7233' ? [] : [`For other commands: export TEMPORAL_ADDRESS=${address}`]),
    temporal === 'found'
      ? 'Ctrl-C stops the worker; releases go on when one is started again.'
      : 'Ctrl-C stops both; releases go on when they are started again.',
  ];
  out.announce(ready, lines.join('\n'));
}

interface Asked {
  stop: Promise<void>;
  hurry: Promise<void>;
  isStopping(): boolean;
  forget(): void;
}

function whenAsked(): Asked {
  let count = 0;
  const resolvers: (() => void)[] = [];
  const [stop, hurry] = [0, 1].map((index) => new Promise<void>((resolve) => (resolvers[index] = resolve)));
  const listener = () => resolvers[count++]?.();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listener);
  const forget = () => signals.forEach((signal) => process.off(signal, listener));
  return { stop: stop!, hurry: hurry!, isStopping: () => count > 0, forget };
}
