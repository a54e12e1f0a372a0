import { MAIN } from '../../domain/databases';

const ENDING = '.tar.gz';

/** Name of a backup's archive in the store. */
export function archiveName(backup: string): string {
  return `${backup}${ENDING}`;
}

/** Name of the list, for people, of the images that were live. */
export function imagesName(backup: string): string {
  return `${backup}.images.txt`;
}

/** The backups among these names, newest first: there is one where its archive is. */
export function backupsAmong(names: Iterable<string>): string[] {
  return [...names]
    .filter((name) => /^backup_\d{8}_\d{6}\.tar\.gz$/.test(name))
    .map((name) => name.slice(0, -ENDING.length))
    .sort()
    .reverse();
}

/** Name in an archive of a database's dump; what else belongs to the dump begins with it, and a dot. */
export function dumpName(database: string): string {
  return `${database === MAIN ? 'database' : database}.dump`;
}

/** Whether a file of an archive belongs to the dump of this name. */
export function isOfDump(file: string, dump: string): boolean {
  return file === dump || file.startsWith(`${dump}.`);
}
