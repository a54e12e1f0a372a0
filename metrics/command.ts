import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { AnalysisMetric } from '../domain/config';
import { ConfigurationFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { formatDuration } from '../domain/units';
import { numberIn } from './answered-number';
import { excerpt } from './excerpt';
import { missingBecause, type Measured, type MetricSource, type Reading, type Window } from './metric';

const KEPT = 10_000;

interface CommandSettings {
  config: NonNullable<AnalysisMetric['command']>;
  service: string | undefined;
  projectDirectory: string;
  /** It holds resolved secrets: never log it. */
  environment: Record<string, string | undefined>;
}

export class CommandSource implements MetricSource {
  constructor(private readonly settings: CommandSettings) {}

  async read(of: Measured, window: Window, io: Io): Promise<Reading> {
    const { run, answers } = this.settings.config;
    try {
      const { exitCode, stdout, stderr } = await this.run(of, window, io);
      if (exitCode === 0) return numberIn(`the output of ${run[0]}`, stdout, answers);
      const said = excerpt(stderr || stdout);
      const seen = `${exitCode === null ? 'that it was killed' : exitCode}${said && ` (${said})`}`;
      // The program ran, so it may only have nothing to measure yet.
      return { missing: `expected ${run[0]} to end with exit code 0, seen ${seen}`, fault: false };
    } catch (error) {
      return missingBecause(error, io);
    }
  }

  private run(of: Measured, window: Window, io: Io): Promise<Ended> {
    const { config, projectDirectory, environment, service = '' } = this.settings;
    const [program = '', ...rest] = config.run;
    const env = {
      ...environment,
      APP: of.app,
      ENVIRONMENT: of.environment,
      SERVICE: service,
      SLOT: of.slot,
      VERSION: of.version,
      RELEASE: of.release,
      FROM: new Date(window.from).toISOString(),
      TO: new Date(window.to).toISOString(),
      WINDOW_SECONDS: String((window.to - window.from) / 1_000),
    };
    return runWithin(
      [program, ...rest],
      { cwd: resolve(projectDirectory, config.cwd), env, limit: config.timeout },
      io,
    );
  }
}

interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program in its own process group, and kills the group when the time is over.
 * @throws ConfigurationFailure when there is no such program; UnreachableFailure when it cannot start now, or is not done
 *   in time; the signal's reason when aborted
 */
function runWithin(
  [program, ...rest]: [string, ...string[]],
  { limit, ...at }: { cwd: string; env: NodeJS.ProcessEnv; limit: number },
  { signal }: Io,
): Promise<Ended> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { ...at, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (chunk: string) => (output[name] = (output[name] + chunk).slice(0, KEPT)));
    }
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      act();
    };
    const kill = (reason: unknown): void =>
      settle(() => {
        killGroup(child.pid);
        // A process that left the group may still hold them open.
        child.stdout.destroy();
        child.stderr.destroy();
        reject(reason as Error);
      });
    const abort = (): void => kill(signal.reason);
    const late = `expected ${program} to end within ${formatDuration(limit)}, it was killed`;
    const timer = setTimeout(() => kill(new UnreachableFailure(late)), limit);
    signal.addEventListener('abort', abort, { once: true });
    child.once('error', (error: NodeJS.ErrnoException) => settle(() => reject(notStarted(program, at.cwd, error))));
    child.once('close', (exitCode) => settle(() => resolve({ exitCode, ...output })));
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch {
    // The process is gone already.
  }
}

function notStarted(program: string, cwd: string, { code = '', message }: NodeJS.ErrnoException): Error {
  const seen = `expected the program "${program}" on the worker’s machine (run in ${cwd}), seen ${code || message}`;
  if (!['ENOENT', 'EACCES', 'ENOTDIR'].includes(code)) return new UnreachableFailure(seen);
  return new ConfigurationFailure(`${seen}: install it, or correct \`run\` or \`cwd\``);
}
