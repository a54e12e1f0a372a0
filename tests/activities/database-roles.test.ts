import { migrationsOf, restoreOf } from '../../activities/database';
import type { Parts } from '../../activities/parts';
import type { Check } from '../../activities/preflight/check';
import { checkDatabase } from '../../activities/preflight/database';
import type { Database } from '../../databases/database';
import { appConfigSchema } from '../../domain/config';
import { databasesOf } from '../../domain/databases';

/* A kind of database that lacks what PostgreSQL has: there is none yet, so it is played here. */

const plain: Database = {
  capabilities: { transactionalDdl: false },
  probe: () => Promise.resolve({ version: '1.0', size: 2_000 }),
  size: () => Promise.resolve(2_000),
  verify: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
const migrations: Database['migrations'] = {
  status: () => Promise.resolve({ applied: [], pending: ['001_orders'] }),
  check: () => Promise.resolve([]),
  up: () => Promise.resolve([]),
  down: () => Promise.resolve([]),
  appliedBy: () => Promise.resolve([]),
};

const io = { signal: new AbortController().signal, onProgress: () => undefined };
const check: Check = async (name, body) => {
  const found = await body(io);
  return 'problem' in found
    ? { name, ok: false, detail: found.problem }
    : { name, ok: true, detail: found.note, ...(found.warning && { warning: true }) };
};

async function preflight(database: Database, settings: object = {}) {
  const services = { web: { image: 'web:{version}', port: 80 } };
  const databases = { orders: { url: { env: 'DB' }, ...settings } };
  const config = appConfigSchema.parse({ version: 1, app: 'shop', services, databases });
  const release = { app: 'shop', environment: 'production', id: 'r', version: '1.0.0' };
  const parts = { database: () => Promise.resolve(database) } as unknown as Parts;
  return checkDatabase({ release, config, projectDirectory: '/shop' }, parts, check);
}

test('preflight says that a database cannot be dumped, where it cannot', async () => {
  const { checks, pending } = await preflight(plain);
  expect(checks).toEqual([{ name: 'database orders', ok: true, detail: '1.0, 2 KB, cannot be dumped' }]);
  expect(pending).toEqual([]);
});

test('preflight warns of migrations that can stop halfway, where the database takes nothing back', async () => {
  const { checks, pending } = await preflight({ ...plain, migrations }, { migrations: { directory: 'm' } });
  expect(checks[1]).toMatchObject({
    name: 'migrations',
    ok: true,
    warning: true,
    detail: expect.stringMatching(/halfway/),
  });
  expect(pending).toEqual(['001_orders']);
});

test('preflight says that a restore was not tried, where it cannot be tried', async () => {
  const restore: Database['restore'] = { from: () => Promise.resolve(), mistakes: () => Promise.resolve([]) };
  const settings = { migrations: { directory: 'm' }, onRollback: 'restore' };
  const { checks } = await preflight({ ...plain, migrations, restore }, settings);
  expect(checks[2]).toMatchObject({ name: 'restore', ok: true, detail: expect.stringMatching(/not rehearsed/) });
});

test('a role that a database lacks is refused with what to do instead', async () => {
  const services = { web: { image: 'web:{version}', port: 80 } };
  const config = appConfigSchema.parse({ version: 1, app: 'shop', services, database: { url: { env: 'DB' } } });
  const [named] = databasesOf(config);
  expect(() => restoreOf(plain, named!)).toThrow(/cannot; set its onRollback to revert or keep/);
  expect(() => migrationsOf(plain)).toThrow(/expected `migrations` of the database/);
});
