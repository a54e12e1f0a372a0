import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Databases, io, ORDERS, SHOP } from '../../database-context';
import { query } from '../../../support/postgres';

const databases = new Databases();

const FILES = {
  ...ORDERS,
  '002_total.up.sql': 'ALTER TABLE orders ADD total int;',
  '002_total.down.sql': 'ALTER TABLE orders DROP total;',
  '003_old.up.sql': 'VACUUM -- of another tool, and without a down file',
};

async function shop() {
  const opened = await databases.project();
  await opened.write(FILES);
  const migrations = opened.database.migrations!;
  return { ...opened, migrations, baseline: migrations.baseline! };
}

const exists = () => query(databases.url, 'CREATE TABLE orders (id int PRIMARY KEY)');

describe('a baseline', () => {
  it('records as applied what the database has, runs none, and can be reverted by its down file [proves baseline]', async () => {
    const { baseline, migrations } = await shop();
    await exists();
    expect(await baseline.mistakes(['001_orders'], io())).toEqual([]);
    await baseline.mark(['001_orders'], 'b1', io());
    expect(await migrations.status(io())).toEqual({ applied: ['001_orders'], pending: ['002_total', '003_old'] });
    expect(await query(databases.url, 'SELECT * FROM orders')).toEqual([]);
    expect(await migrations.up(['002_total'], 'r1', io())).toEqual(['002_total']);
    expect(await migrations.down(['002_total', '001_orders'], null, io())).toEqual(['002_total', '001_orders']);
    expect(await databases.tables()).toEqual([]);
  });

  it('is done again after an interruption, and its undo forgets only its own [proves baseline]', async () => {
    const { baseline, migrations } = await shop();
    await exists();
    await baseline.mark(['001_orders'], 'b1', io());
    await baseline.mark(['001_orders', '002_total'], 'b2', io());
    await baseline.mark(['001_orders', '002_total'], 'b2', io());
    await baseline.forget(['001_orders', '002_total'], 'b2', io());
    await baseline.forget(['001_orders', '002_total'], 'b2', io());
    expect((await migrations.status(io())).applied).toEqual(['001_orders']);
  });

  it('takes files that need no down file and cannot be run here [proves baseline]', async () => {
    const { baseline, migrations } = await shop();
    await exists();
    expect(await baseline.mistakes(['001_orders', '002_total', '003_old'], io())).toEqual([]);
    await baseline.mark(['001_orders', '002_total', '003_old'], 'b1', io());
    expect((await migrations.status(io())).pending).toEqual([]);
  });

  it('is refused in a database that has no table [proves baseline]', async () => {
    const { baseline } = await shop();
    const seen = [expect.stringMatching(/seen no table in it: apply them with spillway migrate up/)];
    expect(await baseline.mistakes(['001_orders'], io())).toEqual(seen);
    await expect(baseline.mark(['001_orders'], 'b1', io())).rejects.toThrow(/seen no table/);
    await query(databases.url, 'CREATE EXTENSION pg_buffercache');
    expect(await baseline.mistakes(['001_orders'], io())).toEqual(seen);
  });

  it('is refused when a record is of another content [proves baseline]', async () => {
    const { baseline, write } = await shop();
    await exists();
    await baseline.mark(['001_orders'], 'b1', io());
    await write({ '001_orders.up.sql': 'CREATE TABLE orders (id bigint)' });
    expect(await baseline.mistakes(['002_total'], io())).toEqual([
      expect.stringMatching(/001_orders was changed after/),
    ]);
  });

  it('is refused when another environment of the app has applied it in this schema [proves baseline]', async () => {
    const { migrations } = await shop();
    await migrations.up(['001_orders'], 'r1', io());
    const staging = await databases.project({}, { ...SHOP, environment: 'staging' });
    await staging.write(FILES);
    expect(await staging.database.migrations!.baseline!.mistakes(['001_orders'], io())).toEqual([
      expect.stringMatching(/001_orders: expected to apply it to the schema public once/),
    ]);
  });

  it.each<[what: string, files: string[], folders: string[], expected: RegExp]>([
    ['all files have names of another tool', ['V1__init.sql'], [], /V1__init\.sql: expected NAME\.up\.sql/],
    ['some have', ['V2__total.sql', '001_orders.up.sql'], [], /V2__total\.sql: expected NAME\.up\.sql/],
    ['folders of another tool hold them', [], ['20240101_init'], /expected files NAME\.up\.sql.*seen 20240101_init\//],
    ['the folder is empty', [], [], /expected files NAME\.up\.sql in .* to record as applied, seen none/],
  ])('is refused, and records nothing, when %s [proves baseline]', async (_what, files, folders, expected) => {
    const { database, directory, write } = await databases.project();
    const { baseline } = database.migrations!;
    await exists();
    await write(Object.fromEntries(files.map((file) => [file, 'SELECT 1;'])));
    for (const folder of folders) await mkdir(join(directory, 'migrations', folder));
    const names = files.includes('001_orders.up.sql') ? ['001_orders'] : [];
    expect(await baseline!.mistakes(names, io())).toEqual([expect.stringMatching(expected)]);
    await expect(baseline!.mark(names, 'b1', io())).rejects.toThrow(expected);
    expect((await database.migrations!.status(io())).applied).toEqual([]);
  });

  it.each([
    ['in UTF-16', Buffer.from('DROP TABLE orders;', 'utf16le'), /down\.sql:1: expected UTF-8, seen UTF-16/],
    ['in Latin-1', Buffer.from('-- größer', 'latin1'), /down\.sql:1: expected UTF-8, seen the byte 0xf6 \(Latin-1\?\)/],
    ['with a zero byte', Buffer.from('DROP TABLE\n orders\0;'), /down\.sql:2: expected text, seen a byte that is zero/],
  ])('is refused with a down file %s, which no record could keep [proves baseline]', async (_what, down, why) => {
    const { baseline, write } = await shop();
    await exists();
    await write({ '001_orders.down.sql': down });
    expect(await baseline.mistakes(['001_orders'], io())).toEqual([expect.stringMatching(why)]);
    await expect(baseline.mark(['001_orders'], 'b1', io())).rejects.toThrow(why);
  });

  it('finishes the record of a migration that somebody has completed by hand [proves baseline]', async () => {
    const { baseline, migrations, write } = await shop();
    await exists();
    const head = '-- spillway: no transaction\n';
    await write({ '002_total.up.sql': `${head}ALTER TABLE orders ADD total int;\nSELECT 1/0;` });
    await expect(migrations.up(['001_orders', '002_total'], 'r1', io())).rejects.toThrow(/already exists/);
    await baseline.mark(['001_orders'], 'b1', io());
    await expect(migrations.up(['002_total'], 'r2', io())).rejects.toThrow(/division by zero/);
    await baseline.mark(['002_total'], 'b2', io());
    expect((await migrations.status(io())).applied).toEqual(['001_orders', '002_total']);
  });
});
