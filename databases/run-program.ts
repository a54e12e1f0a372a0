import { spawn } from 'node:child_process';
import type { Io } from '../domain/host';
import { formatDuration } from '../domain/units';
import { ConfigurationFailure, UnreachableFailure } from '../domain/failures';

const KEPT_ANSWER = 1_000_000;
/** The end of stderr is kept, where programs say why they failed. */
const KEPT_COMPLAINTS = 1_000_000;
const GRACE_MS = 3_000;

export interface Program {
  argv: string[];
  cwd?: string;
  /** The whole environment. Passwords belong here: every user of the machine can read `argv`. */
  env: NodeJS.ProcessEnv;
  /** In milliseconds. */
  limit: number;
  io: Io;
}

export interface ProgramResult {
  exitCode: number;
  stdout: string;
  /** It begins with `…` when it was too long to keep. */
  stderr: string;
  /** True when stdout was too long to keep. */
  cut: boolean;
}

/**
 * Runs a program without a shell. An abort also ends the program's children.
 *
 * @throws ConfigurationFailure when it is missing, UnreachableFailure after `limit`, the reason of an abort.
 */
export async function runProgram({ argv, cwd, env, limit, io }: Program): Promise<ProgramResult> {
  io.signal.throwIfAborted();
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '', cut: false };
  // The stream decoder joins characters that arrive in two pieces.
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.cut ||= output.stdout.length + text.length > KEPT_ANSWER;
    output.stdout = (output.stdout + text).slice(0, KEPT_ANSWER);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const stderr = output.stderr + text;
    output.stderr = stderr.length > KEPT_COMPLAINTS ? `…${stderr.slice(-KEPT_COMPLAINTS)}` : stderr;
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

function endingOf(pid: number | undefined): () => void {
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (pid) process.kill(-pid, signal);
    } catch {
      // The group has ended already.
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
