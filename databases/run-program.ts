import { spawn } from 'node:child_process';
import type { Io } from '../domain/host';
import { formatDuration } from '../domain/units';
import { ConfigurationFailure, UnreachableFailure } from '../domain/failures';

/** Characters kept: of the answer its beginning, of the complaints their end, where programs say why they failed. */
const KEPT_ANSWER = 1_000_000;
const KEPT_COMPLAINTS = 16_000;
/** How long a program may take to end by itself after it was told to. */
const GRACE_MS = 3_000;

export interface Program {
  argv: string[];
  cwd?: string;
  /** The whole environment; passwords belong here, never in `argv`, which every user of the machine can read. */
  env: NodeJS.ProcessEnv;
  /** Milliseconds after which it is ended. */
  limit: number;
  io: Io;
}

export interface ProgramResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Its answer was longer than what is kept of it. */
  cut: boolean;
}

/**
 * Runs a program without a shell and answers what it said, cut to a size that fits in memory.
 * It leads a process group of its own, so that an abort also ends what it started.
 *
 * @throws ConfigurationFailure when there is no such program; UnreachableFailure when it takes longer than `limit`;
 * the signal's reason when it was aborted.
 */
export async function runProgram({ argv, cwd, env, limit, io }: Program): Promise<ProgramResult> {
  io.signal.throwIfAborted();
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '', cut: false };
  // Decoded as a stream: a character may come in two pieces.
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.cut ||= output.stdout.length + text.length > KEPT_ANSWER;
    output.stdout = (output.stdout + text).slice(0, KEPT_ANSWER);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr = (output.stderr + text).slice(-KEPT_COMPLAINTS);
    io.onProgress(`${program}: ${text.trim().slice(-200)}`);
  });

  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(program, cwd, error)));
    child.once('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
  const end = endingOf(child.pid);
  let late = false;
  const timer = setTimeout(() => ((late = true), end()), limit);
  io.signal.addEventListener('abort', end, { once: true });
  try {
    const exitCode = await ended;
    io.signal.throwIfAborted();
    if (late) {
      const said = output.stderr.trim().slice(-500);
      throw new UnreachableFailure(
        `expected ${program} to end within ${formatDuration(limit)}; it was stopped. ${said}`,
      );
    }
    return { exitCode, ...output };
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener('abort', end);
  }
}

/** Ends a process group: asks first, then insists. */
function endingOf(pid: number | undefined): () => void {
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (pid) process.kill(-pid, signal);
    } catch {
      // The group is gone, which is what was wanted.
    }
  };
  return () => {
    kill('SIGTERM');
    setTimeout(() => kill('SIGKILL'), GRACE_MS).unref();
  };
}

function notStarted(program: string, cwd: string | undefined, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT' && error.code !== 'EACCES' && error.code !== 'ENOTDIR') return error;
  return new ConfigurationFailure(
    `expected the program "${program}" on the worker's machine${cwd ? ` (run in ${cwd})` : ''}, seen ${error.code}: ` +
      'install it, or correct its name, its path or the folder in the configuration',
  );
}
