import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, type ReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BackupFailure, ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Store, Storing } from '../store';

const NAME = /^backup_[A-Za-z0-9._-]+$/;
const PARTIAL = '.partial';
const isWhole = (name: string): boolean => !name.includes(PARTIAL);
/** Error codes of a mounted folder whose server is away. */
const AWAY = ['EIO', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENODEV'];

/** All workers of the task queue must see the folder at the same path. */
export function openFolder(directory: string): Store {
  const place = `the folder ${directory}`;
  const path = (name: string): string => join(directory, checkedName(name));
  return {
    place,
    sharing: `mount the same folder at ${directory} for every worker of the task queue`,
    free: async () => {
      await makeFolder(directory);
      const { bavail, bsize } = await explained(place, statfs(directory));
      return bavail * bsize;
    },
    put: async (storing, io) => {
      await makeFolder(directory);
      await putFile(path(storing.name), storing, { place, io });
    },
    open: async (name) => {
      const handle = await unlessAbsent(place, open(path(name), 'r'));
      return handle && explainedStream(place, handle.createReadStream());
    },
    list: async () => {
      const names = (await namesIn(directory, place)).filter(isWhole).sort();
      const sizes = await Promise.all(names.map((name) => unlessAbsent(place, stat(join(directory, name)))));
      return new Map(names.flatMap((name, index) => (sizes[index] ? [[name, sizes[index].size] as const] : [])));
    },
    remove: (name) => explained(place, rm(path(name), { force: true })),
    tidy: async () => {
      const left = (await namesIn(directory, place)).filter((name) => !isWhole(name));
      for (const name of left) await explained(place, rm(join(directory, name), { recursive: true, force: true }));
    },
  };
}

/** Proves a file under a temporary name before it gets its own. */
async function putFile(file: string, { name, content, prove }: Storing, { place, io }: { place: string; io: Io }) {
  const partial = `${file}${PARTIAL}.${randomBytes(4).toString('hex')}`;
  const output = createWriteStream(partial, { mode: 0o600 });
  try {
    await pipeline(content, output, { signal: io.signal });
    await sync(partial);
    await prove?.(explainedStream(place, createReadStream(partial)));
    await rename(partial, file);
  } catch (error) {
    // An aborted file may still open, and would come back after its removal.
    if (!output.closed) await once(output, 'close').catch(() => undefined);
    // `tidy` removes later what stays now; the first failure matters more.
    await rm(partial, { force: true }).catch(() => undefined);
    io.signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new BackupFailure(
        `expected room for ${name} in ${place}, seen a full disk; free some, or lower backup.keep, and release again`,
      );
    }
    throw explain(place, error);
  }
}

/** The following steps may crash the machine, and the backup must survive that. */
async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (AWAY.includes(code)) throw explain(`the folder ${directory}`, error);
    throw new ConfigurationFailure(
      `expected to create ${directory} on the worker's machine for backups, seen ${code}: ` +
        'let the worker write there, or name another folder in backup.store.directory',
    );
  }
}

async function namesIn(directory: string, place: string): Promise<string[]> {
  return ((await unlessAbsent(place, readdir(directory))) ?? []).filter((name) => NAME.test(name));
}

async function unlessAbsent<T>(place: string, looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explain(place, error);
  }
}

/** The same content; a failure in the middle of it says what to do, too. */
function explainedStream(place: string, file: ReadStream): Readable {
  const content = new PassThrough();
  file.once('error', (error) => content.destroy(explain(place, error) as Error));
  content.once('close', () => file.destroy());
  return file.pipe(content);
}

async function explained<T>(place: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw explain(place, error);
  });
}

/** Another try may reach the server of a mounted folder. */
function explain(place: string, error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (AWAY.includes(code)) return new UnreachableFailure(`expected ${place} to answer, seen ${code}; see to its mount`);
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new ConfigurationFailure(
    `expected the worker to be allowed to read and write ${place}, seen ${code}: correct its owner, or backup.store.directory`,
  );
}

/** Names may come from a history, and must not lead out of the folder. */
function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw new BackupFailure(`expected the name of a backup, such as backup_20261121_101500, seen "${name}"`);
}
