import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { appConfigSchema } from '../../domain/config';
import type { Scope } from '../../domain/release';
import { registerEnvironment } from '../../starters/environment';
import { registerHistory } from '../../starters/history';
import { registerRelease } from '../../starters/release';
import { registerStatus } from '../../starters/status';
import { askFor, follow } from '../support/asking';
import { writePoints } from '../support/crash-file';
import { engine, removeTraces, tracesOf } from '../support/engine';
import { freePort } from '../support/free-port';
import { command, type Said } from '../support/in-process';
import type { Raw } from '../support/tiny';
import { until } from '../support/until';
import { World } from '../support/world';

/* Real commands and parts: an app is taken off a machine that has another one, on the same router. */

jest.setTimeout(600_000);

let world: World;
let other: Scope;
let otherPort: number;
let volume: string;
const variables = { ...process.env };

beforeAll(async () => {
  world = await World.open({ config: (raw) => void (raw.canary.steps = []) });
  other = { app: `${world.scope.app}o`, environment: 'production' };
  otherPort = await freePort();
  volume = `${world.scope.app}-orders`;
  await writeFile(join(world.project, 'spillway.yaml'), stringify(settings()));
  Object.assign(process.env, { TEMPORAL_ADDRESS: world.temporal.address, SPILLWAY_TASK_QUEUE: world.taskQueue });
});
afterAll(async () => {
  process.env = variables;
  await removeTraces(other, world.routerDirectory).catch(() => undefined);
  await world?.close();
  await engine()
    .getVolume(volume)
    .remove()
    .catch(() => undefined);
});

function settings(): Raw {
  return world.rawConfig((raw) => {
    raw.services.web.volumes = [{ source: volume, target: '/orders', shared: true }];
  });
}

function spillway(register: Parameters<typeof command>[0], ...argv: string[]): Promise<Said> {
  return command(register, ...argv, '-e', 'production', '-f', join(world.project, 'spillway.yaml'), '--json');
}
const json = ({ stdout }: Said) => JSON.parse(stdout);
const remove = (...more: string[]) => spillway(registerEnvironment, 'environment', 'remove', ...more);

async function release(version: string): Promise<void> {
  await world.request(version);
  const { why, outcome } = json(await spillway(registerRelease, 'release', version, '--yes'));
  expect({ why, outcome }).toEqual({ outcome: 'released' });
}

/** Another app on the same engine, router and state folder. */
async function releaseOther(): Promise<void> {
  const asked = await world.request('1.0.0');
  const raw = world.rawConfig((given) => {
    given.app = other.app;
    given.services.web.routes = [{ port: otherPort }];
  });
  const request = { ...asked, ...other, config: appConfigSchema.parse(raw) };
  expect(await askFor(world.client, request, world.taskQueue)).toMatchObject({ accepted: true });
  expect((await follow(world.client, other, request.id).result()).status.outcome).toBe('released');
}

/** Everything of the other app: what the engine has, and each file that names it, byte by byte. */
async function traces() {
  const { routerDirectory, directory } = world;
  const files = [
    join(routerDirectory, 'apps', `${other.app}.production.json`),
    ...(await readdir(join(routerDirectory, 'maps'))).map((name) => join(routerDirectory, 'maps', name)),
    ...(await readdir(join(directory, 'state', other.app, 'production', 'ledger'))).map((name) =>
      join(directory, 'state', other.app, 'production', 'ledger', name),
    ),
  ].filter((file) => file.includes(other.app));
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')]));
  return { texts, ...(await tracesOf(other)) };
}

const isAnswered = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`).then(
    ({ status }) => status,
    () => 'closed',
  );

test('an app goes with all that it had, though its worker is killed meanwhile, and another one on the same router stays byte by byte [proves remove]', async () => {
  await release('1.0.0');
  await releaseOther();
  const backups = join(world.directory, 'state', world.scope.app, 'production/backups');
  await mkdir(backups, { recursive: true });
  await writeFile(join(backups, 'backup_20261101_000000.tar.gz'), '');
  const [before, containers] = [await traces(), (await tracesOf(world.scope)).containers];

  const planned = await remove('--dry-run');
  expect(planned.exitCode).toBe(0);
  expect(json(planned)).toMatchObject({
    containers: expect.arrayContaining([`${world.scope.app}.production.web.blue-1`]),
    networks: [`spillway.${world.scope.app}.production`],
    ports: [world.port],
    routerGoes: false,
    images: expect.arrayContaining([`${world.scope.app}-web:1.0.0`]),
    volumes: [],
    stays: expect.arrayContaining([expect.stringContaining(`volume ${volume} stays`)]),
  });
  expect((await tracesOf(world.scope)).containers).toEqual(containers);
  expect(await isAnswered(world.port)).toBe(200);

  const unsure = await remove();
  expect(unsure.exitCode).toBe(64);
  expect(json(unsure).error.message).toContain('--dry-run');

  // It dies while it removes containers, and again after the state was moved.
  const point = { activity: 'any', workflow: 'removal', delayMs: 50 };
  const points = [
    { ...point, id: '3', when: 'during' as const },
    { ...point, id: '5', when: 'after' as const },
  ];
  writePoints(world.crashFile, points);
  const [worker] = world.workers;
  const restarted = (async () => {
    await worker!.ended;
    const second = await world.startWorker();
    await second.ended;
    await world.startWorker();
  })();
  const load = await world.load({ url: `http://127.0.0.1:${otherPort}`, sockets: 0 });
  const removed = await remove('--yes', '--who', 'alice', '--note', 'moved away');
  await restarted;
  expect(await load.stop()).toMatchObject({ losses: [] });
  expect(removed.exitCode).toBe(0);
  expect(json(removed)).toMatchObject({ outcome: 'removed', who: 'alice', kind: 'removal' });

  expect(await tracesOf(world.scope)).toEqual({ containers: [], networks: [], images: [], volumes: [volume] });
  await until(() => isAnswered(world.port), { is: (status) => status === 'closed' });
  expect(await traces()).toEqual(before);
  expect(await isAnswered(otherPort)).toBe(200);
  const left = await readdir(join(world.directory, 'state', world.scope.app, 'production')).catch(() => []);
  expect(left).toEqual(['backups']);
  const files = (await readdir(world.routerDirectory, { recursive: true })).filter((name) =>
    name.includes(`${world.scope.app}.`),
  );
  expect(files).toEqual([]);
});

test('it is told by status and history, also from the archive, and nothing is left to remove', async () => {
  const status = json(await spillway(registerStatus, 'status'));
  expect(status).toMatchObject({ live: null, last: { kind: 'removal', outcome: 'removed', note: 'moved away' } });
  const { entries } = json(await spillway(registerHistory, 'history', '--limit', '50'));
  expect(entries.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['removed', 'released']);

  const again = await remove('--yes');
  expect(again.exitCode).toBe(0);
  expect(json(again)).toMatchObject({ containers: [], images: [] });
});

test('the app comes back as a first release, and goes for good with volumes and backups', async () => {
  await release('1.1.0');
  expect(await isAnswered(world.port)).toBe(200);
  const shown = json(await spillway(registerHistory, 'history', '--limit', '50')).entries;
  expect(shown.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['released', 'removed', 'released']);

  // What somebody has removed by hand is no reason to stop.
  for (const { Id } of await engine().listContainers({
    all: true,
    filters: { label: [`spillway.app=${world.scope.app}`] },
  }))
    await engine().getContainer(Id).remove({ force: true });
  const removed = await remove('--yes', '--volumes', '--backups');
  expect({ code: removed.exitCode, said: json(removed) }).toMatchObject({ code: 0, said: { outcome: 'removed' } });
  expect(await tracesOf(world.scope)).toEqual({ containers: [], networks: [], images: [], volumes: [] });
  expect(await readdir(join(world.directory, 'state'))).not.toContain(world.scope.app);
  expect(await isAnswered(otherPort)).toBe(200);
});
