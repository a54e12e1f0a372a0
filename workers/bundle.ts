import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { bundleWorkflowCode, type WorkerOptions } from '@temporalio/worker';
import { version as sdkVersion } from '@temporalio/worker/package.json';

const CODE = resolve(__dirname, '..');
// The path is the same whether this runs compiled (dist/workers) or from the sources (workers).
const ROOT = __filename.endsWith('.ts') ? CODE : resolve(CODE, '..');
const BUNDLE = join(ROOT, 'dist', 'workflow-bundle.js');
const WORKFLOWS = join(CODE, 'workflows');
const BUNDLED_FOLDERS = [WORKFLOWS, join(CODE, 'domain')];
// A bundle works only with the SDK that made it.
// The stamp has no line of its own, which would shift the lines of the source map.
const STAMP = `/* @temporalio/worker ${sdkVersion} */ `;

export type WorkflowCode = Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;

export async function workflowCode(): Promise<WorkflowCode> {
  return (await bundleIsFresh())
    ? { workflowBundle: { codePath: BUNDLE } }
    : { workflowsPath: require.resolve(WORKFLOWS) };
}

/** Replaces `dist/workflow-bundle.js` by rename, so a worker that starts meanwhile sees no part of it. */
export async function writeBundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath: require.resolve(WORKFLOWS), logger: QUIET });
  await mkdir(dirname(BUNDLE), { recursive: true });
  const temporary = `${BUNDLE}.${process.pid}`;
  await writeFile(temporary, STAMP + code);
  await rename(temporary, BUNDLE);
  return BUNDLE;
}

async function bundleIsFresh(): Promise<boolean> {
  const made = await stat(BUNDLE).catch(() => undefined);
  if (!made) return false;
  const code = await readFile(BUNDLE, 'utf8');
  return code.startsWith(STAMP) && made.mtimeMs >= (await newest(BUNDLED_FOLDERS));
}

/** Answers ms since the epoch. */
async function newest(folders: string[]): Promise<number> {
  const times = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder, { recursive: true });
      const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
      return Math.max(0, ...stats.map((entry) => entry.mtimeMs));
    }),
  );
  return Math.max(...times);
}

const silent = (): void => undefined;
const warn = (message: string): void => console.error(message);
const QUIET = { log: silent, trace: silent, debug: silent, info: silent, warn, error: warn };

if (require.main === module) {
  writeBundle().then(
    (file) => console.log(`bundled the workflows into ${relative(process.cwd(), file)}`),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 70;
    },
  );
}
