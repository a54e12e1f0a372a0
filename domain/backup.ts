import type { AppConfig } from './config';

/** Which store the backups are kept in. */
export type StoreConfig = Required<NonNullable<AppConfig['backup']['store']>>;

/** The store of a configuration: the folder of the target's state, where it names none. */
export function storeOf({ backup, target }: Pick<AppConfig, 'backup' | 'target'>): StoreConfig {
  const { store } = backup;
  return { kind: store?.kind ?? 'folder', directory: store?.directory ?? target.stateDirectory };
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
  const time = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(releaseId);
  if (!time) throw new TypeError(`expected a release id that begins with YYYYMMDD-HHMMSS-, seen ${releaseId}`);
  const [year, month, day, hour, minute, second] = time.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second + later));
  return `backup_${at.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_')}`;
}
