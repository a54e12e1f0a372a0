import { backupNamed, nameBackup, storeOf } from '../../domain/backup';
import { appConfigSchema } from '../../domain/config';

const RIGHT = { version: 1, app: 'shop', services: { web: { image: 'web:{version}', port: 80 } } };

test('a backup has the time of its release in its name, and the next second where that is taken', () => {
  expect(nameBackup('20261231-235959-1.0.0-aaaa')).toBe('backup_20261231_235959');
  expect(nameBackup('20261231-235959-1.0.0-aaaa', 1)).toBe('backup_20270101_000000');
  expect(() => nameBackup('release-1')).toThrow(TypeError);
});

test('a backup is known by its name, and by the path that an older version reported', () => {
  expect(backupNamed('backup_20261121_101500')).toBe('backup_20261121_101500');
  expect(backupNamed('/state/shop/production/backups/backup_20261121_101500.tar.gz')).toBe('backup_20261121_101500');
});

test('backups are kept in the folder of the state, unless the configuration names a store', () => {
  const stored = (backup: object) => storeOf(appConfigSchema.parse({ ...RIGHT, backup }));
  expect(stored({})).toEqual({ kind: 'folder', directory: '/var/lib/spillway/state' });
  expect(stored({ store: { directory: '/mnt/spillway' } })).toEqual({ kind: 'folder', directory: '/mnt/spillway' });
});
