import { MAIN } from '../../domain/databases';

const ENDING = '.tar.gz';

export function archiveName(backup: string): string {
  return `${backup}${ENDING}`;
}

export function imagesName(backup: string): string {
  return `${backup}.images.txt`;
}

/** A backup exists where its archive does. Newest first. */
export function backupsAmong(names: Iterable<string>): string[] {
  return [...names]
    .filter((name) => /^backup_\d{8}_\d{6}\.tar\.gz$/.test(name))
    .map((name) => name.slice(0, -ENDING.length))
    .sort()
    .reverse();
}

/** Other files of the dump begin with this name and a dot. */
export function dumpName(database: string): string {
  return `${database === MAIN ? 'database' : database}.dump`;
}

export function isOfDump(file: string, dump: string): boolean {
  return file === dump || file.startsWith(`${dump}.`);
}
