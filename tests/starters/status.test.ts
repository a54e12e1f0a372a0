import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '../../domain/release';
import { registerAll } from '../../starters/spillway';
import { command } from '../support/in-process';
import { Door } from '../support/answers';
import { ReleaseWorld, TASK_QUEUE } from '../support/release-world';
import { sharedTemporal } from '../support/shared-temporal';
import type { UsedTemporal } from '../support/shared-temporal';
import { createProject } from './project';
import type { Project } from './project';

let temporal: UsedTemporal;
let world: ReleaseWorld;
let project: Project;
const before = { ...process.env };

beforeAll(async () => {
  temporal = await sharedTemporal();
  world = await ReleaseWorld.start(temporal.address);
  Object.assign(process.env, {
    TEMPORAL_ADDRESS: temporal.address,
    SPILLWAY_TASK_QUEUE: TASK_QUEUE,
    SPILLWAY_WHO: 'alice',
  });
}, 300_000);
afterAll(async () => {
  for (const name of ['TEMPORAL_ADDRESS', 'SPILLWAY_TASK_QUEUE', 'SPILLWAY_WHO']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await world?.stop();
  await temporal?.stop();
});
beforeEach(async () => {
  world.reset();
  project = await createProject({});
});
afterEach(() => project.remove());

const run = (name: string, ...more: string[]) =>
  command(registerAll, name, '-f', join(project.directory, 'spillway.yaml'), '-e', 'production', ...more);
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

it('an environment that was never released to has nothing live and no history', async () => {
  expect(await run('current')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing is live') });
  expect(await run('status')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is live') });
  expect(json((await run('history', '--json')).stdout)).toEqual({ entries: [] });
  expect(await run('watch')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('seen none') });
});

it('status shows the release that runs and what is live beside it; current stays with what is live [proves V5]', async () => {
  expect((await run('release', '1.0.0')).exitCode).toBe(0);
  const door = new Door();
  world.reset({ deploySlot: () => door.wait().then(() => ({ detail: 'healthy' })) });
  await run('release', '1.1.0', '--detach');
  await door.entered;
  const { stdout, exitCode } = await run('status');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('1.0.0 is live in blue');
  expect(stdout).toMatch(/1\.1\.0 → production/);
  expect(stdout).toMatch(/▸ deploy/);
  expect(await run('current')).toMatchObject({ exitCode: 0, stdout: '1.0.0\n' });
  const status = json((await run('status', '--json')).stdout);
  expect(status).toMatchObject({ live: { version: '1.0.0' }, release: { phase: 'deploy' }, current: { who: 'alice' } });
  door.unlock();
  expect((await run('watch')).exitCode).toBe(0);
  expect((await run('current')).stdout).toBe('1.1.0\n');
  expect((await run('status')).stdout).toContain('last release: 1.1.0 released');
});

it('history lists the newest first, as table, JSON and Markdown file [proves V4, V5]', async () => {
  await run('release', '1.0.0', '--note', 'first');
  await run('release', '1.1.0', '--note', 'second');
  const { stdout } = await run('history');
  expect(stdout.split('\n').slice(1, 3)).toEqual([
    expect.stringMatching(/^1.1.0 .*second/),
    expect.stringMatching(/^1.0.0 .*first/),
  ]);
  expect((json((await run('history', '--limit', '1', '--json')).stdout).entries as unknown[]).length).toBe(1);
  const folder = await mkdtemp(join(tmpdir(), 'spillway-history-'));
  try {
    const file = join(folder, 'deployment_versions.md');
    expect((await run('history', '--markdown', file)).exitCode).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/^# Releases of .*\n\n\| version \| .*\n\| --- .*\n\| 1\.1\.0 \|/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('older releases are paged from the durable ledger', async () => {
  const entry = {
    release: { version: '0.9.0' },
    outcome: 'released',
    who: 'bob',
    note: '',
    startedAt: 0,
    endedAt: 1,
    images: [],
  };
  world.reset({ readLedger: () => [entry as unknown as LedgerEntry] });
  const { stdout } = await run('history', '--before', '20261121-101500-1.0.0-k3v9', '--limit', '50', '--json');
  expect(json(stdout).entries).toEqual([entry]);
  expect(world.asked('readLedger')).toEqual([
    expect.objectContaining({
      before: '20261121-101500-1.0.0-k3v9',
      limit: 50,
      scope: { app: project.app, environment: 'production' },
    }),
  ]);
});
