import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync, mkdtempSync } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ConfigurationFailure } from '../../domain/failures';

const run = promisify(execFile);

// Newer versions (such as v1.9.1) have a replace directive in go.mod, which `go install` refuses.
const VERSION = 'v1.5.1';
const DOWNLOADS = 'https://temporal.download/cli/archive';
const DOWNLOAD_TIMEOUT = 120_000;
const BUILD_TIMEOUT = 15 * 60_000;

interface Search {
  env: NodeJS.ProcessEnv;
  onProgress: (detail: string) => void;
  downloads?: string;
}

/**
 * Finds the program on the path or in the cache, else downloads it, else builds it by `go install` (2–3 minutes).
 *
 * @throws ConfigurationFailure saying what was tried
 */
export async function temporalProgram(search: Search): Promise<string> {
  const { env, onProgress } = search;
  const onPath = await findOnPath('temporal', env);
  if (onPath) return onPath;
  const directory = join(cacheDirectory(env), 'temporal', VERSION);
  const cached = join(directory, 'temporal');
  if (existsSync(cached)) return cached;
  await mkdir(directory, { recursive: true });
  const tried: string[] = [];
  for (const obtain of [download, build]) {
    // The rename makes it appear whole, so an interruption leaves no half program.
    const aside = mkdtempSync(join(directory, 'new-'));
    try {
      await obtain(aside, search);
      await rename(join(aside, 'temporal'), cached);
      return cached;
    } catch (error) {
      tried.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
      onProgress(`${tried.at(-1)}`);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }
  throw new ConfigurationFailure(
    `expected the program \`temporal\` on the path, seen none, and none could be had (${tried.join('; ')}); ` +
      'install it (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a Temporal that runs',
  );
}

export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return env.SPILLWAY_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'spillway');
}

async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const directory of (env.PATH ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const file = join(directory, name);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return undefined;
}

async function download(directory: string, { downloads = DOWNLOADS, onProgress }: Search): Promise<void> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const url = `${downloads}/${VERSION}?platform=${process.platform}&arch=${arch}`;
  onProgress(`downloading the Temporal CLI ${VERSION}`);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT) });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    const tar = spawn('tar', ['-xzf', '-', '-C', directory, 'temporal'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(tar, 'exit');
    await pipeline(Readable.fromWeb(response.body), tar.stdin);
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error('it is no archive with `temporal` in it');
  } catch (error) {
    throw new Error(`${url} could not be downloaded: ${reason(error)}`, { cause: error });
  }
}

async function build(directory: string, { env, onProgress }: Search): Promise<void> {
  const go = await findOnPath('go', env);
  if (!go) throw new Error('there is no Go to build it with');
  onProgress(`building the Temporal CLI ${VERSION} with Go, which takes some minutes, once`);
  const options = {
    env: { ...env, GOBIN: directory, GOFLAGS: '-buildvcs=false' },
    timeout: BUILD_TIMEOUT,
    maxBuffer: 64 << 20,
  };
  await run(go, ['install', `github.com/temporalio/cli/cmd/temporal@${VERSION}`], options).catch((error: unknown) => {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    throw new Error(`\`go install\` of the Temporal CLI failed: ${said || reason(error)}`, { cause: error });
  });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
