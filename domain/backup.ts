import type { AppConfig } from './config';

type Given = NonNullable<AppConfig['backup']['store']>;

/** A store with all that is needed to open it. */
export type StoreConfig = Required<Extract<Given, { kind: 'folder' }>>;

/** The store of a configuration: the folder of the target's state, where it names none. */
export function storeOf({ backup, target }: Pick<AppConfig, 'backup' | 'target'>): StoreConfig {
  const given: Given = backup.store ?? { kind: 'folder' };
  switch (given.kind) {
    case 'folder':
      return { kind: 'folder', directory: given.directory ?? target.stateDirectory };
  }
}

/** Name of a backup in what was reported of it: an older version reported the path of its file. */
export function backupNamed(reported: string): string {
  return reported.replace(/^.*\//, '').replace(/\.tar\.gz$/, '');
}

/**
 * Name of a release's backup: the same on every try, because the time in it is that of the release.
 *
 * @param later seconds after it, for a release that began in the same second as another
 */
export function nameBackup(releaseId: string, later = 0): string {
  const time = releaseId.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-.*$/, '$1-$2-$3T$4:$5:$6Z');
  const began = Date.parse(time);
  if (time === releaseId || Number.isNaN(began)) {
    throw new TypeError(`expected a release id that begins with YYYYMMDD-HHMMSS-, seen ${releaseId}`);
  }
  const at = new Date(began + later * 1_000).toISOString();
  return `backup_${at.slice(0, 19).replace(/[-:]/g, '').replace('T', '_')}`;
}
