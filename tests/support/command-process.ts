import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { untilPrinted } from './printed';

const PRELOAD = ['-r', join(__dirname, 'typescript.js')];
const SPILLWAY = join(__dirname, '../../starters/spillway.ts');

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly pid: number;
  /** What it printed so far on both streams. */
  printed(): string;
  /** Waits until it has printed this; fails when it ends without. */
  until(text: string | RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  ended: Promise<Ran>;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** How long it may take, in milliseconds; then it is killed and the test fails. */
  limit?: number;
}

/** Starts `spillway ARGUMENTS` from the sources, as a process of its own and without a terminal. */
export function startCommand(argv: string[], { cwd, env, limit = 240_000 }: CommandOptions = {}): Running {
  // What a CI or a person has set here must not change what a test sees.
  const without = { GITHUB_ACTOR: undefined, GITLAB_USER_LOGIN: undefined, NODE_OPTIONS: undefined };
  const child = spawn(process.execPath, [...PRELOAD, SPILLWAY, ...argv], {
    cwd,
    env: { ...process.env, ...without, SPILLWAY_WHO: 'tester', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen: Ran = { code: null, stdout: '', stderr: '' };
  const printed = (): string => seen.stdout + seen.stderr;
  child.stdout.on('data', (data: Buffer) => (seen.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (seen.stderr += data.toString()));
  const killer = setTimeout(() => child.kill('SIGKILL'), limit);
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(killer);
    return { ...seen, code: code as number | null };
  });
  const until = (text: string | RegExp) => untilPrinted(child, printed, text);
  return { pid: child.pid ?? 0, printed, until, signal: (name) => void child.kill(name), ended };
}

/** Runs `spillway ARGUMENTS` to its end. */
export function command(argv: string[], options?: CommandOptions): Promise<Ran> {
  return startCommand(argv, options).ended;
}
