import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { backupNamed } from '../../domain/backup';
import { BackupFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Store } from '../../stores/store';
import type { Parts } from '../parts';
import type { Step } from '../steps';
import { readArchive } from './archive';
import { archiveName, backupsAmong, dumpName, isOfDump } from './names';
import { withScratch } from './scratch';

/** @throws BackupFailure when the store that this worker sees has no such backup, or not all of it. */
export async function withDump<T>(
  parts: Parts,
  given: Step & { dump: string | null; database: string },
  io: Io,
  body: (dump: string) => Promise<T>,
): Promise<T> {
  if (!given.dump) throw new BackupFailure('expected a backup with a dump of the database, seen none; restore by hand');
  const store = await parts.store(given);
  const name = archiveName(backupNamed(given.dump));
  return withScratch(parts, given.release, async (directory) => {
    const content = await store.open(name, io);
    if (!content) throw await notThere(name, store, io);
    const dump = dumpName(given.database);
    const onFile = async (file: string, bytes: AsyncIterable<Buffer>): Promise<void> => {
      if (isOfDump(file, dump)) await writePrivate(join(directory, file), bytes, io);
      else for await (const chunk of bytes) void chunk;
    };
    await readArchive({ name, content, onFile }, io);
    return body(join(directory, dump));
  });
}

async function writePrivate(path: string, content: AsyncIterable<Buffer>, io: Io): Promise<void> {
  try {
    await pipeline(content, createWriteStream(path, { mode: 0o600 }), { signal: io.signal });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new BackupFailure(
      `expected room for a dump at ${path} on the worker's machine, seen a full disk: free some, or set ` +
        'SPILLWAY_WORKER_STATE to another folder and start the worker again; then run `spillway retry`',
    );
  }
}

async function notThere(name: string, store: Store, io: Io): Promise<BackupFailure> {
  const there = backupsAmong((await store.list(io)).keys());
  return new BackupFailure(
    `expected ${name} in ${store.place}, as this worker sees it, seen ${there.join(', ') || 'no backup at all'}: ` +
      `${store.sharing}, or put the dump back by hand (docs/databases.md, "By hand")`,
  );
}
