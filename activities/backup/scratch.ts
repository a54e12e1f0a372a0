import { mkdir, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupFailure, ConfigurationFailure } from '../../domain/failures';
import type { Scope } from '../../domain/release';
import { formatSize } from '../../domain/units';
import type { Parts } from '../parts';

/** Bytes left free beside a backup, because a full disk stops more than backups. */
const RESERVE = 64 * 1024 * 1024;

type Place = Pick<Parts, 'temporaryDirectory'>;

/** Only this worker's user may read the folder. Files of an earlier try whose worker was killed are removed first. */
export async function withScratch<T>(place: Place, scope: Scope, body: (directory: string) => Promise<T>): Promise<T> {
  await removeScratch(place, scope);
  const directory = await makeScratch(place, scope);
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export async function removeScratch({ temporaryDirectory }: Place, scope: Scope): Promise<void> {
  const names = await readdir(temporaryDirectory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    if (name.startsWith(prefixOf(scope))) await rm(join(temporaryDirectory, name), { recursive: true, force: true });
  }
}

/** @throws BackupFailure when fewer than `needed` bytes, and a reserve, are free. */
export async function expectScratchRoom(directory: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  expectRoom(`${directory} on the worker's machine`, bavail * bsize, needed);
}

export function expectRoom(place: string, free: number, needed: number): void {
  if (free >= needed + RESERVE) return;
  throw new BackupFailure(
    `expected ${formatSize(needed + RESERVE)} free in ${place} for a backup, seen ${formatSize(free)}; ` +
      'free some, lower backup.keep, or name another place (docs/databases.md, "Backups"). Nothing was written',
  );
}

async function makeScratch({ temporaryDirectory }: Place, scope: Scope): Promise<string> {
  try {
    await mkdir(temporaryDirectory, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(temporaryDirectory, prefixOf(scope)));
  } catch (error) {
    throw new ConfigurationFailure(
      `expected to create a folder in ${temporaryDirectory} on the worker's machine, seen ` +
        `${(error as NodeJS.ErrnoException).code}: let the worker write there, or set SPILLWAY_WORKER_STATE`,
    );
  }
}

/** Names of apps and environments have no underscore. */
function prefixOf({ app, environment }: Scope): string {
  return `backup_${app}_${environment}_`;
}
