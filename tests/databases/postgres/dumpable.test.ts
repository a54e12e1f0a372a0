import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../../databases/open';
import { databaseConfig, Databases, io, SHOP } from '../database-context';
import { query } from '../../support/postgres';

const databases = new Databases('own');

const as = (role: string) => Object.assign(new URL(databases.url), { username: role, password: 'app-secret' }).href;

async function roles(...statements: string[]): Promise<void> {
  const name = new URL(databases.url).pathname.slice(1);
  for (const role of ['app', 'saver']) {
    await query(
      databases.url,
      `DO $$ BEGIN CREATE ROLE ${role} LOGIN PASSWORD 'app-secret'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    );
  }
  await query(databases.url, 'ALTER ROLE saver BYPASSRLS');
  await query(databases.url, `ALTER DATABASE "${name}" OWNER TO app`);
  for (const statement of ['GRANT ALL ON SCHEMA public TO app', ...statements]) await query(databases.url, statement);
}

async function opened(overrides: Record<string, unknown> = {}, backup?: string) {
  const shop = await databases.project(overrides);
  const config = databaseConfig({ ...overrides, ...(backup && { backupUrl: { env: 'BACKUP_URL' } }) });
  const { directory } = shop;
  await mkdir(join(directory, 'backups'), { recursive: true });
  const place = { scope: SHOP, releases: () => Promise.resolve(new Set<string>()), projectDirectory: directory };
  const context = { ...place, environment: process.env, variables: {}, redact: (text: string) => text };
  const database = openDatabase(config, { ...context, url: as('app'), ...(backup && { backupUrl: backup }) });
  return { database, dump: join(directory, 'backups', 'database.dump') };
}

const SECRET = [
  'CREATE TABLE secret (id int)',
  'INSERT INTO secret VALUES (1), (2)',
  'ALTER TABLE secret OWNER TO app',
  'ALTER TABLE secret ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE secret FORCE ROW LEVEL SECURITY',
];

describe('a backup under row-level security', () => {
  it('is told to fail before anything changes, and does [proves backups]', async () => {
    await roles(...SECRET);
    const { database, dump } = await opened();
    const { mistakes } = await database.probe(io());
    expect(mistakes).toEqual([
      expect.stringMatching(
        /database user app to read all rows.*row-level security on public\.secret: .*database\.backupUrl/,
      ),
    ]);
    await expect(database.dump!(dump, io())).rejects.toThrow(/row-level security policy/);
  });

  it('is made by the role of backupUrl, and restored by that of url [proves backups]', async () => {
    await roles(...SECRET, 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO saver');
    const { database, dump } = await opened({ onRollback: 'keep' }, as('saver'));
    expect(await database.probe(io())).not.toHaveProperty('mistakes');
    expect(await database.dump!(dump, io())).toMatchObject({ holds: expect.stringMatching(/objects/) });
    await query(databases.url, 'ALTER TABLE secret NO FORCE ROW LEVEL SECURITY');
    await query(databases.url, 'DROP TABLE secret');
    await database.restore!.from(dump, io());
    expect(await query(databases.url, 'SELECT * FROM secret ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('names what the role may not read, in every schema [proves backups]', async () => {
    await roles(
      'CREATE TABLE taken (id serial)',
      'CREATE SCHEMA away',
      'CREATE TABLE away.one (id int)',
      'GRANT SELECT ON away.one TO app',
    );
    const { database, dump } = await opened();
    const { mistakes } = await database.probe(io());
    expect(mistakes).toEqual([
      expect.stringMatching(/may not read away\.one, public\.taken, public\.taken_id_seq: GRANT SELECT/),
    ]);
    await expect(database.dump!(dump, io())).rejects.toThrow(/permission denied/);
  });

  it('of another database than that of url is told before anything changes [proves backups]', async () => {
    await roles();
    const elsewhere = Object.assign(new URL(as('saver')), { pathname: '/postgres' }).href;
    const { database } = await opened({ onRollback: 'restore' }, elsewhere);
    const seen = expect.stringMatching(
      /expected database\.backupUrl \(env BACKUP_URL\) to lead to the database of .*, seen another one, .*\/postgres: correct it/,
    ) as string;
    expect((await database.probe(io())).mistakes).toEqual([seen]);
    expect(await database.restore!.mistakes(io())).toContainEqual(seen);
  });

  it('by a wrong backupUrl is told with the name of that secret [proves backups]', async () => {
    await roles();
    const { database } = await opened({}, as('saver').replace('app-secret', 'wrong-secret'));
    await expect(database.probe(io())).rejects.toThrow(/database\.backupUrl \(env BACKUP_URL\)/);
  });
});
