import { Command } from 'commander';
import { execute } from '../../starters/output';

/** What a command said, and how it ended. */
export interface Said {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Runs a command in this process as `spillway ARGUMENTS` would. */
export async function command(register: (program: Command) => void, ...args: string[]): Promise<Said> {
  const said: Said = { stdout: '', stderr: '', exitCode: 0 };
  const into = (stream: 'stdout' | 'stderr') => ({
    isTTY: false,
    write: (text: string | Uint8Array) => {
      said[stream] += text.toString();
      return true;
    },
  });
  const program = new Command('spillway');
  register(program);
  const terminal = { stdout: into('stdout'), stderr: into('stderr'), env: {}, exitCode: 0 };
  await execute(program, ['node', 'spillway', ...args], terminal);
  return { ...said, exitCode: terminal.exitCode };
}
