import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupFailure, ConfigurationFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { environmentDirectory } from '../../domain/names';
import { formatSize } from '../../domain/units';
import type { Step } from '../steps';

/** Left free beside what a backup needs: a full disk stops more than backups. */
const RESERVE = 64 * 1024 * 1024;

const ARCHIVE = /^backup_\d{8}_\d{6}\.tar\.gz$/;

/** Where the backup of a release is, on the worker's machine. */
export interface BackupPaths {
  /** `backup_YYYYMMDD_HHMMSS.tar.gz`: there only when it is whole. */
  archive: string;
  /** The images that were live, for people. */
  images: string;
  /** Begins the name of everything unfinished. */
  unfinished: string;
}

/** The folder with the backups of an environment. */
export function backupDirectory({ config, release }: Pick<Step, 'config' | 'release'>): string {
  return join(environmentDirectory(config.target, release), 'backups');
}

/**
 * The same on every try of a release, because the time in the name is that of the release.
 *
 * @param later seconds after it, for a release that began in the same second as another
 */
export function backupPaths(step: Pick<Step, 'config' | 'release'>, later = 0): BackupPaths {
  const time = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(step.release.id);
  if (!time) throw new TypeError(`expected a release id that begins with YYYYMMDD-HHMMSS-, seen ${step.release.id}`);
  const [year, month, day, hour, minute, second] = time.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second + later));
  const stem = `backup_${at.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_')}`;
  const path = join(backupDirectory(step), stem);
  return { archive: `${path}.tar.gz`, images: `${path}.images.txt`, unfinished: `${path}.partial` };
}

/**
 * Makes the folder, readable by the worker's user alone.
 *
 * @throws ConfigurationFailure when the worker may not write there.
 */
export async function makeBackupDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigurationFailure(
      `expected to create ${directory} on the worker's machine for backups, seen ${(error as NodeJS.ErrnoException).code}: ` +
        'let the worker write there, or change target.stateDirectory',
    );
  }
}

/** @throws BackupFailure when fewer than `needed` bytes, and a reserve, are free. */
export async function expectRoom(directory: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= needed + RESERVE) return;
  throw new BackupFailure(
    `expected ${formatSize(needed + RESERVE)} free in ${directory} for a backup, seen ${formatSize(free)}; ` +
      'free some, lower backup.keep, or move target.stateDirectory. Nothing was written',
  );
}

/**
 * Removes all but the newest `backup.keep` backups and everything unfinished.
 *
 * @returns the names of the backups that went.
 */
export async function pruneBackups(step: Pick<Step, 'config' | 'release'>, { io }: { io: Io }): Promise<string[]> {
  const directory = backupDirectory(step);
  const old = (await namesIn(directory))
    .filter((name) => ARCHIVE.test(name))
    .sort()
    .reverse()
    .slice(step.config.backup.keep);
  for (const name of old) {
    io.onProgress(`removing ${name}`);
    // The archive last: as long as it is there, another try finds it and the rest.
    await rm(join(directory, name.replace('.tar.gz', '.images.txt')), { force: true });
    await rm(join(directory, name), { force: true });
  }
  await removeUnfinished(directory, 'backup_');
  return old;
}

/** Removes what interrupted tries left. */
export async function removeUnfinished(directory: string, prefix: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (name.startsWith(prefix) && name.includes('.partial')) {
      await rm(join(directory, name), { recursive: true, force: true });
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
