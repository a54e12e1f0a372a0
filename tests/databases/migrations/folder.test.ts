import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrations } from '../../../databases/migrations/files';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'spillway-folder-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

async function found() {
  await writeFile(join(directory, '001_a.up.sql'), 'SELECT 1;');
  const { migrations, mistakes, ignored } = await readMigrations(directory);
  const short = (text: string) => text.replaceAll(directory, '…');
  return { names: migrations.map(({ name }) => name), mistakes: mistakes.map(short), ignored: ignored.map(short) };
}

describe('only files that are named as migrations are migrations', () => {
  test.each<[string, string, string]>([
    ['002_U.up.SQL', '…/002_U.up.SQL: expected 002_U.up.sql; rename or move it', 'an ending in capitals'],
    ['002_U.UP.sql', '…/002_U.UP.sql: expected 002_U.up.sql; rename or move it', 'a direction in capitals'],
    ['002_x.sql', '…/002_x.sql: expected NAME.up.sql or NAME.down.sql; rename or move it', 'no direction'],
    ['002_x.up', '…/002_x.up: expected 002_x.up.sql; rename or move it', 'no ending'],
    ['002_x.down.sql', '…/002_x.down.sql: expected 002_x.up.sql beside it; add it or remove this file', 'no way up'],
    ['up.sql', '…/up.sql: expected NAME.up.sql or NAME.down.sql; rename or move it', 'no name'],
    ['V1__init.sql', '…/V1__init.sql: expected NAME.up.sql or NAME.down.sql; rename or move it', 'another tool’s name'],
  ])('%s is refused [proves N]', async (file, mistake) => {
    await writeFile(join(directory, file), 'SELECT 1;');
    expect(await found()).toEqual({ names: ['001_a'], mistakes: [mistake], ignored: [] });
  });

  test.each<[string, string]>([
    ['._001_a.up.sql', '._001_a.up.sql (a leftover of an editor or another system)'],
    ['001_a.up.sql~', '001_a.up.sql~ (a leftover of an editor or another system)'],
    ['#001_a.up.sql#', '#001_a.up.sql# (a leftover of an editor or another system)'],
    ['.001_a.up.sql.swp', '.001_a.up.sql.swp (a leftover of an editor or another system)'],
    ['..up.sql', '..up.sql (a leftover of an editor or another system)'],
    ['001_a.up.sql.orig', '001_a.up.sql.orig (a leftover of an editor or another system)'],
    ['seed.csv', 'seed.csv'],
    ['apply.sh', 'apply.sh'],
  ])('%s is named and left alone [proves N]', async (file, ignored) => {
    await writeFile(join(directory, file), 'broken');
    expect(await found()).toEqual({ names: ['001_a'], mistakes: [], ignored: [ignored] });
  });

  test.each(['README.md', '.gitkeep', '.DS_Store', '.gitignore', 'Thumbs.db'])(
    '%s is not worth a word [proves N]',
    async (file) => {
      await writeFile(join(directory, file), 'text');
      expect(await found()).toEqual({ names: ['001_a'], mistakes: [], ignored: [] });
    },
  );

  test.each(['archive', 'archive.sql', '002_b.up.sql'])(
    'a folder %s is named and left alone [proves N]',
    async (name) => {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, '003_c.up.sql'), 'SELECT 1;');
      const ignored = [`${name}/ (a folder; migrations lie in … itself)`];
      expect(await found()).toEqual({ names: ['001_a'], mistakes: [], ignored });
    },
  );

  test('a link to a file is a migration, the lock of an editor is none, and a link that leads nowhere is refused [proves N]', async () => {
    const elsewhere = join(directory, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'real'), 'SELECT 2;');
    await symlink('elsewhere/real', join(directory, '002_b.up.sql'));
    await symlink('me@host.1:2', join(directory, '.#002_b.up.sql'));
    await symlink('gone', join(directory, '003_c.up.sql'));
    const { names, mistakes, ignored } = await found();
    expect(names).toEqual(['001_a', '002_b']);
    expect(mistakes).toEqual(['…/003_c.up.sql: expected a file, seen a link that leads nowhere; replace or remove it']);
    expect(ignored).toHaveLength(2);
  });
});

test('a file that no server takes is refused with what to do, before it is read [proves H]', async () => {
  await writeFile(join(directory, '001_seed.up.sql'), '');
  await truncate(join(directory, '001_seed.up.sql'), 2 ** 30);
  await expect(readMigrations(directory)).rejects.toThrow(
    /expected a migration of at most .* at .*001_seed\.up\.sql, seen 1\.. GB; load such data beside the migrations/,
  );
});

test.each<[string, () => Promise<string>, RegExp]>([
  [
    'is missing',
    () => Promise.resolve(join(directory, 'none')),
    /expected a folder with migrations at .*none, seen none; correct database\.migrations\.directory/,
  ],
  [
    'is a file',
    async () => {
      await writeFile(join(directory, 'file'), '');
      return join(directory, 'file');
    },
    /expected a folder with migrations at .*file, seen a file; correct/,
  ],
  [
    'is a link to itself',
    async () => {
      await symlink('loop', join(directory, 'loop'));
      return join(directory, 'loop');
    },
    /expected a folder with migrations at .*loop, seen a link that leads to itself; correct/,
  ],
])('a folder that %s is one clear error, with its path [proves N]', async (_what, make, why) => {
  await expect(readMigrations(await make())).rejects.toMatchObject({
    name: 'ConfigurationFailure',
    message: expect.stringMatching(why),
  });
});
