import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { GitState } from '../../domain/request';

const LIMIT_MS = 10_000;

/**
 * Runs git in a folder and answers what it printed, without the last line's end.
 *
 * @throws Error with what git said, when it is not installed, takes longer than ten seconds, or fails
 */
export async function git(directory: string, ...argv: string[]): Promise<string> {
  // Looking must not get in the way of a person's own git; and errors are recognised in one language only.
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
  const options = { cwd: directory, env, timeout: LIMIT_MS, maxBuffer: 64 * 2 ** 20 };
  const { stdout } = await promisify(execFile)('git', argv, options);
  return stdout.replace(/\n$/, '');
}

/**
 * The commit and branch that are checked out in a folder, and whether something there is not committed. Undefined when
 * it is not in a repository, has no commit yet, or git does not answer: a release does not depend on it.
 */
export async function gitState(directory: string, env: NodeJS.ProcessEnv = process.env): Promise<GitState | undefined> {
  try {
    const [commit, branch, changes] = await Promise.all([
      git(directory, 'rev-parse', '--verify', 'HEAD'),
      git(directory, 'rev-parse', '--abbrev-ref', 'HEAD'),
      git(directory, 'status', '--porcelain'),
    ]);
    return { commit, branch: branch === 'HEAD' ? branchInCi(env) : branch, dirty: changes !== '' };
  } catch {
    return undefined;
  }
}

// CI checks out a commit, not a branch, and says in the environment where it came from.
function branchInCi(env: NodeJS.ProcessEnv): string {
  return env.GITHUB_HEAD_REF || env.GITHUB_REF_NAME || env.CI_COMMIT_REF_NAME || 'detached';
}
