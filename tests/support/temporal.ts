import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { cacheDirectory } from '../../starters/dev/temporal-program';
import { until } from './until';
import { freePort } from './free-port';

export interface TemporalServer {
  /** `127.0.0.1:PORT`, for `TEMPORAL_ADDRESS`. */
  address: string;
  port: number;
  /** Address of the Web UI, when it was asked for. */
  ui?: string;
  stop(): Promise<void>;
  /** Ends it without any warning, as a crash would. */
  kill(): Promise<void>;
}

export interface TemporalServerOptions {
  /** A free one when absent; given to start it again where it was. */
  port?: number;
  /** File that survives restarts; in memory when absent. */
  database?: string;
  /** Starts the Web UI too. */
  ui?: boolean;
}

/**
 * Starts a real development server with the settings Spillway recommends, and waits until it answers.
 * @throws when it ends or does not answer, with the end of what it printed.
 */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const port = options.port ?? (await freePort());
  const uiPort = options.ui ? await freePort() : undefined;
  // `--pdeathsig`: a server must not outlive a test run that was killed.
  const program = ['--pdeathsig', 'KILL', '--', temporalBinary()];
  const child = spawn('setpriv', [...program, ...serverArguments(port, uiPort, options.database)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (printed = (printed + data.toString()).slice(-4_000)));
  const address = `127.0.0.1:${port}`;
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  try {
    await untilItAnswers(address, child);
  } catch (error) {
    await end('SIGTERM');
    throw new Error(`the Temporal server on ${address} did not start: ${printed}`, { cause: error });
  }
  return {
    address,
    port,
    ...(uiPort === undefined ? {} : { ui: `http://127.0.0.1:${uiPort}` }),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/**
 * The `temporal` program: `TEMPORAL_BIN`, the newest in Spillway's cache, or the one on the path.
 */
export function temporalBinary(): string {
  if (process.env.TEMPORAL_BIN) return process.env.TEMPORAL_BIN;
  const folder = join(cacheDirectory(process.env), 'temporal');
  const versions = existsSync(folder) ? readdirSync(folder).sort() : [];
  const cached = versions.map((version) => join(folder, version, 'temporal')).filter((file) => existsSync(file));
  return cached.at(-1) ?? 'temporal';
}

function serverArguments(port: number, uiPort: number | undefined, database: string | undefined): string[] {
  const dynamic = [
    'system.enableActivityEagerExecution=true',
    'history.transferProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxTimeShift="1ms"',
  ];
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...(database === undefined
      ? []
      : ['--db-filename', database, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL']),
    ...dynamic.flatMap((value) => ['--dynamic-config-value', value]),
    ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

async function untilItAnswers(address: string, child: ChildProcess): Promise<void> {
  const look = async () => {
    if (child.exitCode !== null) return child.exitCode;
    await (await Connection.connect({ address, connectTimeout: 1_000 })).close();
    return 'answers';
  };
  const seen = await until(look, { what: `Temporal on ${address}`, is: () => true, every: 100 });
  if (seen !== 'answers') throw new Error(`it ended with ${seen}`);
}
