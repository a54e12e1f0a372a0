import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { GitState } from '../../domain/request';

const LIMIT_MS = 10_000;

/** @throws Error with what git said, when it is not installed, takes longer than ten seconds, or fails */
export async function git(directory: string, ...argv: string[]): Promise<string> {
  // Looking must not lock a person's own git, and errors are recognised in English only.
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
  const options = { cwd: directory, env, timeout: LIMIT_MS, maxBuffer: 64 * 2 ** 20 };
  const { stdout } = await promisify(execFile)('git', argv, options);
  return stdout.replace(/\n$/, '');
}

/** Undefined without a repository, a commit or an answer of git: a release does not depend on it. */
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

// CI checks out a commit and names its branch in the environment.
function branchInCi(env: NodeJS.ProcessEnv): string {
  return env.GITHUB_HEAD_REF || env.GITHUB_REF_NAME || env.CI_COMMIT_REF_NAME || 'detached';
}
