import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AppConfig } from '../../domain/config';
import type { ReleaseRequest } from '../../domain/request';
import type { Raw } from './tiny';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const ARCHIVE = join(ROOT, 'tests/fixtures/previous-worker/dist.tgz');

/** The worker of the version before, as it was built, and the requests that its commands sent. */
export interface PreviousWorker {
  /** Absolute path of the program. */
  main: string;
  /** A request as the previous version's `release` command would have made it. */
  request(today: ReleaseRequest, raw: Raw): ReleaseRequest;
}

/** Unpacks it once a content, below `node_modules`, where it finds the packages that it needs. */
export async function previousWorker(): Promise<PreviousWorker> {
  const hash = createHash('sha256')
    .update(await readFile(ARCHIVE))
    .digest('hex')
    .slice(0, 12);
  const directory = join(ROOT, 'node_modules/.cache', `spillway-previous-${hash}`);
  if (!existsSync(directory)) await unpack(directory);
  const { appConfigSchema } = (await import(join(directory, 'dist/domain/config.js'))) as {
    appConfigSchema: { parse(raw: unknown): AppConfig };
  };
  return {
    main: join(directory, 'dist/workers/main.js'),
    request: (today, raw) => {
      const { kind, app, environment, id, version, projectDirectory, options, who, note, requestedAt } = today;
      const asked = { kind, app, environment, id, version, projectDirectory, options, who, note, requestedAt };
      return { ...asked, config: appConfigSchema.parse(raw) } as ReleaseRequest;
    },
  };
}

/** Bundles its workflows as well, so that no worker has to; by rename, since several test files may do so at once. */
async function unpack(directory: string): Promise<void> {
  await mkdir(join(directory, '..'), { recursive: true });
  const partial = await mkdtemp(`${directory}-`);
  await run('tar', ['-xzf', ARCHIVE, '-C', partial]);
  await run(process.execPath, [join(partial, 'dist/workers/bundle.js')]);
  await rename(partial, directory).catch(async (error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code ?? '')) throw error;
    await rm(partial, { recursive: true, force: true });
  });
}
