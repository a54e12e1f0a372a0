import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities';
import { openParts, type OpenParts } from '../../workers/parts';
import { ActivityWorld } from '../support/activity-world';
import { query } from '../support/postgres';
import { sharedPostgres, type UsedPostgres } from '../support/shared-postgres';

const RELEASE = '20261121-101500-1.0.0-aaaa';
const NAMES = ['001_drop'];

let postgres: UsedPostgres;
let world: ActivityWorld;
let elsewhere: OpenParts;
let url: string;

beforeAll(async () => void (postgres = await sharedPostgres()));
afterAll(() => postgres?.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  await query(url, 'CREATE TABLE orders AS SELECT 7 AS id');
  world = await ActivityWorld.open({ DATABASE_URL: url });
  const database = { url: { env: 'DATABASE_URL' }, migrations: { directory: 'migrations' }, onRollback: 'restore' };
  world.change = (raw) => {
    raw.databases = { orders: database };
    raw.backup = { store: { kind: 'folder', directory: join(world.directory, 'store') } };
  };
  await mkdir(join(world.project, 'migrations'));
  await writeFile(join(world.project, 'migrations', '001_drop.up.sql'), 'DROP TABLE orders;');
  const environment: Record<string, string | undefined> = { ...process.env, DATABASE_URL: url, TOKEN: world.secret };
  elsewhere = await openParts({
    owner: 'here:1/test',
    environment,
    stateDirectory: join(world.directory, 'elsewhere'),
  });
});
afterEach(async () => {
  await elsewhere?.close();
  await world?.close();
});

/** Backs up and migrates on one worker, of which nothing stays but the store and the checked-out files of the project. */
async function migrateOnAWorkerThatIsLost() {
  const step = world.step(RELEASE);
  await world.run('takeFence', step);
  const { name, dump } = await world.run('backUp', { ...step, live: null });
  await world.run('applyMigrations', { ...step, names: NAMES });
  expect(await tables()).toEqual([]);
  const project = join(world.directory, 'checkout');
  await cp(world.project, project, { recursive: true });
  await rm(world.project, { recursive: true });
  await rm(join(world.directory, 'worker'), { recursive: true });
  return { name, dump: dump!, undo: { ...step, projectDirectory: project, names: NAMES } };
}

const revertElsewhere = (input: object): Promise<unknown> =>
  new MockActivityEnvironment().run(createActivities(elsewhere).revertMigrations as never, input as never);
const tables = async () => {
  const sql = `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`;
  return (await query<{ name: string }>(url, sql)).map(({ name }) => name);
};

test('what one worker backed up and migrated another one restores, though they share nothing but the store', async () => {
  const { dump, undo } = await migrateOnAWorkerThatIsLost();
  expect(dump).toBe('backup_20261121_101500');
  expect(await revertElsewhere({ ...undo, dump })).toEqual({ reverted: NAMES });
  expect(await query(url, 'SELECT id FROM orders')).toEqual([{ id: 7 }]);
  expect(await readdir(elsewhere.temporaryDirectory)).toEqual([]);
});

test('what an older version reported as a path is found by its name in the store', async () => {
  const { name, undo } = await migrateOnAWorkerThatIsLost();
  const dump = `/a/worker/that/is/gone/backups/${name}.tar.gz`;
  expect(await revertElsewhere({ ...undo, dump })).toEqual({ reverted: NAMES });
  expect(await tables()).toEqual(['orders']);
});
