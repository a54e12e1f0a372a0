import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporal } from '@temporalio/proto';
import { environmentWorkflowId, releaseWorkflowId } from '../../domain/names';
import { query } from '../support/postgres';
import { World } from '../support/world';

jest.setTimeout(300_000);

/* What a database or its connection string says of its data, or of its password, is written down nowhere. */

const { History } = temporal.api.history.v1;

let world: World;
beforeAll(async () => {
  world = await World.open({ database: true, config: (raw) => void (raw.canary = { steps: [] }) });
  await mkdir(join(world.project, 'migrations'), { recursive: true });
  await query(world.databaseUrl, `CREATE TABLE people (card text); INSERT INTO people VALUES ('4111-1111-2222')`);
});
afterAll(() => world?.close());

const write = (name: string, sql: string): Promise<void> => writeFile(join(world.project, 'migrations', name), sql);
const historyOf = async (id: string) =>
  Buffer.from(History.encode(await world.client.workflow.getHandle(id).fetchHistory()).finish()).toString('latin1');

/** All that is kept of the last release, but for the backup and the files of the project. */
async function kept(): Promise<string> {
  const texts = [await historyOf(releaseWorkflowId(world.scope)), await historyOf(environmentWorkflowId(world.scope))];
  const entries = await readdir(world.directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.startsWith(world.project) || path.endsWith('.tar.gz')) continue;
    texts.push(await readFile(path, 'latin1'));
  }
  return [...texts, ...world.workers.map((worker) => worker.log())].join('\n');
}

test('values that a migration meets reach no history, ledger or log [proves M]', async () => {
  await write('001_card.up.sql', `ALTER TABLE people ALTER card TYPE bigint USING card::bigint`);
  await write('001_card.down.sql', `SELECT 1`);
  const { status } = await world.released('1.0.0');
  expect(status).toMatchObject({
    outcome: 'rolled back',
    why: expect.stringMatching(/22P02: invalid input syntax for type bigint: "…"/) as string,
  });
  const all = await kept();
  expect(all).toContain('22P02');
  expect(all).not.toContain('4111-1111');
  expect(JSON.stringify(status)).not.toContain('4111-1111');
});

test('what follows an open quote in a migration reaches no history, ledger or log [proves M]', async () => {
  await write('001_card.up.sql', `CREATE ROLE app PASSWORD 'hunter22-is-mine`);
  const { status } = await world.released('1.0.1');
  expect(status.why).toMatch(/001_card\.up\.sql:1: unterminated quoted string at or near "…"/);
  const all = await kept();
  expect(all).toContain('unterminated');
  expect(all).not.toContain('hunter22');
});

test.each([
  ['postgres://app:hun/ter22@127.0.0.1/shop', /a "\/" before an "@": write %2F/],
  ['postgres://app:hunter22%@127.0.0.1/shop', /"password" to be percent-encoded/],
  ['Host=db;Username=app;Password=hunter22', /pairs between semicolons/],
  ['postgres://app:hunter22@127.0.0.1/shop?sslmode=verify-full', /"sslrootcert" beside sslmode=verify-full/],
])('the connection string %s ends a release in preflight, at once, naming the secret [proves K]', async (url, seen) => {
  await writeFile(join(world.project, 'url'), url);
  const { status } = await world.released('1.0.2', { config: (raw) => void (raw.database.url = { file: 'url' }) });
  expect(status).toMatchObject({ outcome: 'refused', why: expect.stringMatching(seen) as string });
  expect(status.why).toContain('database.url (file url)');
  const { events } = await world.client.workflow.getHandle(releaseWorkflowId(world.scope)).fetchHistory();
  const attempts = events?.map((event) => event.activityTaskStartedEventAttributes?.attempt ?? 1);
  expect(new Set(attempts)).toEqual(new Set([1]));
  expect(await kept()).not.toMatch(/hunter22|hun\/ter22/);
});
