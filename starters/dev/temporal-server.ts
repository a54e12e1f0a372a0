import { once } from 'node:events';
import { closeSync, openSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { retry } from '../../waiting/retry';
import { startChild, type Child } from './child';
import { temporalProgram } from './temporal-program';
import { temporal } from '../temporal-client';

const HOST = '127.0.0.1';
/** `flock` exits with this when somebody else holds the lock. */
const LOCKED = 75;
const READY_TIMEOUT = 60_000;
const READY_PAUSE = 100;
const STOP_TIMEOUT = 10_000;
/** Bytes; then the log begins anew. */
const LONGEST_LOG = 5_000_000;
const KEYWORD = 2;

export interface TemporalOptions {
  /** Absent: a file in `~/.local/state/spillway`. */
  database?: string;
  port?: number;
  uiPort?: number;
  namespace?: string;
  /** True: it outlives this process. */
  outlive?: boolean;
  onProgress?: (detail: string) => void;
}

export interface TemporalServer extends Child {
  /** `HOST:PORT`, for TEMPORAL_ADDRESS. */
  address: string;
  uiUrl: string;
  database: string;
}

export function standardDatabase(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'spillway', 'temporal.db');
}

/**
 * Waits until the server answers, has the namespace, and knows Spillway's search attributes.
 *
 * @throws ConfigurationFailure when a port or the database is in use or no file, UnreachableFailure after 60 s
 */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const { port = 7233, uiPort = 8233, namespace = 'default', onProgress = () => undefined } = options;
  const database = resolve(options.database ?? standardDatabase(process.env));
  const program = await temporalProgram({ env: process.env, onProgress });
  await mkdir(dirname(database), { recursive: true, mode: 0o700 });
  // The server itself would say that it is out of memory.
  if (statSync(database, { throwIfNoEntry: false })?.isDirectory())
    throw new ConfigurationFailure(`expected a file at ${database}, seen a folder; name a file in it with --database`);
  await mustBeFree(port, '--port');
  await mustBeFree(uiPort, '--ui-port');
  const address = `${HOST}:${port}`;
  const log = openLog(`${database}.log`);
  const child = launch([program, ...serverArguments(port, uiPort, database, namespace)], database, log, options);
  try {
    await untilReady(address, namespace, child);
  } catch (error) {
    await child.stop();
    throw await startFailure(error, child, { address, database, log });
  }
  return { ...child, address, uiUrl: `http://${HOST}:${uiPort}`, database };
}

interface Log {
  file: string;
  descriptor: number;
  from: number;
}

function openLog(file: string): Log {
  const length = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const keep = length < LONGEST_LOG;
  return { file, descriptor: openSync(file, keep ? 'a' : 'w', 0o600), from: keep ? length : 0 };
}

function launch(command: string[], database: string, { descriptor }: Log, { outlive }: TemporalOptions): Child {
  // The server itself holds the lock, which ends with it, also after a SIGKILL. On Linux only: flock is in util-linux.
  const lock = ['flock', '--nonblock', '--conflict-exit-code', `${LOCKED}`, '--no-fork', `${database}.lock`];
  const locked = process.platform === 'linux' ? [...lock, ...command] : command;
  const stdio = ['ignore' as const, descriptor, descriptor];
  const child = startChild(locked, { stdio, outlive, stopTimeout: STOP_TIMEOUT });
  closeSync(descriptor);
  return child;
}

function serverArguments(port: number, uiPort: number, database: string, namespace: string): string[] {
  const dynamic = [
    'system.enableActivityEagerExecution=true',
    // By default a queue is polled at most 20 times a second, so that 30 activities in a row took 3.05 s, not 0.3 s.
    'history.transferProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxPollRPS=2000',
    // Without it a timer of 1 ms lasts a second.
    'history.timerProcessorMaxTimeShift="1ms"',
  ];
  return [
    ...['server', 'start-dev', '--ip', HOST, '--port', `${port}`, '--ui-port', `${uiPort}`, '--log-level', 'warn'],
    // Confirmed data survives a SIGKILL and a power cut.
    ...['--db-filename', database, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'],
    ...['--namespace', namespace],
    ...dynamic.flatMap((value) => ['--dynamic-config-value', value]),
    ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

async function mustBeFree(port: number, flag: string): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
  } catch (error) {
    throw new ConfigurationFailure(
      `expected port ${port} to be free for Temporal, seen ${(error as NodeJS.ErrnoException).code ?? String(error)}; ` +
        `choose another with ${flag}, or, if a Temporal runs already, set TEMPORAL_ADDRESS to where it answers`,
    );
  } finally {
    server.close();
  }
}

function untilReady(address: string, namespace: string, child: Child): Promise<void> {
  const patience = { signal: null, pause: READY_PAUSE, limit: READY_TIMEOUT };
  return retry({ ...patience, helps: () => !child.hasEnded() }, () => makeReady(address, namespace));
}

/** `--search-attribute` works for a new database only, so an older one gets here what it lacks. */
async function makeReady(address: string, namespace: string): Promise<void> {
  const connection = await temporal().Connection.connect({ address, connectTimeout: 1_000 });
  try {
    await connection.withDeadline(Date.now() + 5_000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = Object.values(SEARCH_ATTRIBUTES).filter((name) => !(name in customAttributes));
      if (missing.length === 0) return;
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    });
  } finally {
    await connection.close();
  }
}

async function startFailure(
  error: unknown,
  child: Child,
  { address, database, log }: { address: string; database: string; log: Log },
): Promise<Error> {
  if ((await child.ended).code === LOCKED) {
    return new ConfigurationFailure(
      `expected the database ${database} to be free, seen that another Temporal server uses it; stop that one, name ` +
        'another file with --database, or set TEMPORAL_ADDRESS to use the server that runs',
    );
  }
  const written = (await readFile(log.file).catch(() => Buffer.alloc(0))).subarray(log.from).toString();
  const said = written.trim().split('\n').slice(-20).join('\n');
  return new UnreachableFailure(
    `expected Temporal to answer at ${address}, seen that it does not; the end of ${log.file}:\n${said}`,
    { cause: error },
  );
}
