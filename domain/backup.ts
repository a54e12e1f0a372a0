import type { AppConfig } from './config';

type Given = NonNullable<AppConfig['backup']['store']>;

export type StoreConfig = Required<Extract<Given, { kind: 'folder' }>>;

/** Falls back to the folder of the target's state. */
export function storeOf({ backup, target }: Pick<AppConfig, 'backup' | 'target'>): StoreConfig {
  const given: Given = backup.store ?? { kind: 'folder' };
  switch (given.kind) {
    case 'folder':
      return { kind: 'folder', directory: given.directory ?? target.stateDirectory };
  }
}

/** Older versions reported the path of the file instead of a name. */
export function backupNamed(reported: string): string {
  return reported.replace(/^.*\//, '').replace(/\.tar\.gz$/, '');
}

/** The release's time makes the name equal on every try; `later` adds seconds, when two began in the same one. */
export function nameBackup(releaseId: string, later = 0): string {
  const time = releaseId.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-.*$/, '$1-$2-$3T$4:$5:$6Z');
  const began = Date.parse(time);
  if (time === releaseId || Number.isNaN(began)) {
    throw new TypeError(`expected a release id that begins with YYYYMMDD-HHMMSS-, seen ${releaseId}`);
  }
  const at = new Date(began + later * 1_000).toISOString();
  return `backup_${at.slice(0, 19).replace(/[-:]/g, '').replace('T', '_')}`;
}
