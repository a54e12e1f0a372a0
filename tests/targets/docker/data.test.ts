import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { LABELS } from '../../../domain/names';
import type { PinnedImage } from '../../../domain/release';
import {
  BUSYBOX,
  builtFrom,
  configOf,
  docker,
  EngineApp,
  releaseOf,
  removeEverything,
  specOf,
  webService,
} from './fixture';
import { until } from '../../support/until';

const app = new EngineApp();
const { scope, io } = app;
const web = { scope, group: 'blue' as const, service: 'web', replica: 1 };
const release = releaseOf(scope);
const named = `${scope.app}-kept`;
let image: PinnedImage;

/** Two VOLUMEs, written as people write them, and one below /tmp. */
beforeAll(async () => {
  image = await builtFrom(app, [
    `FROM ${BUSYBOX}`,
    'USER root',
    'RUN mkdir -p /data /cache && chmod 777 /data /cache',
    'USER 10001',
    'VOLUME /data/ /tmp/scratch',
    'VOLUME ["/cache"]',
  ]);
});
afterEach(async () => {
  for (const { Id } of await containers()) await docker.getContainer(Id).remove({ force: true, v: true });
  await docker
    .getVolume(named)
    .remove()
    .catch(() => undefined);
});
afterAll(() => removeEverything(scope));

const containers = () => docker.listContainers({ all: true, filters: { label: [`${LABELS.app}=${scope.app}`] } });
const allVolumes = async () => (await docker.listVolumes()).Volumes.map(({ Name }) => Name).sort();

async function deploy(settings: Record<string, unknown>): Promise<string> {
  const config = configOf(scope.app, { services: { web: webService(settings) } });
  const [replica] = await app.target.groups.deploy(
    { release, slot: 'blue', services: [specOf(config, 'web', image)] },
    io,
  );
  return replica!.container;
}

async function write(path: string): Promise<void> {
  expect(await app.target.replicas.exec(web, ['sh', '-c', `echo precious > ${path}`], io)).toMatchObject({
    exitCode: 0,
  });
}

/** What the engine made for a container, by the path at which it has it. */
async function volumesOf(container: string): Promise<Record<string, string>> {
  const { Mounts } = await docker.getContainer(container).inspect();
  return Object.fromEntries(Mounts.map(({ Name, Destination }) => [Destination, Name!]));
}

/** Reads a file of a volume as whoever wants it back would. */
async function contentOf(volume: string, file: string): Promise<string> {
  const { Mountpoint } = await docker.getVolume(volume).inspect();
  return (await readFile(join(Mountpoint, file), 'utf8')).trim();
}

test('data in a volume that only the image asked for outlives its container, and can be read [proves 6]', async () => {
  const container = await deploy({});
  await write('/data/orders.db');
  const { '/data': data, '/cache': cache, '/tmp/scratch': scratch } = await volumesOf(container);
  expect(await app.target.volumes.heldBy(scope, 'blue', io)).toMatchObject([
    {
      container,
      service: 'web',
      releaseId: release.id,
      version: '1.0.0',
      anonymous: expect.arrayContaining([
        { volume: data, path: '/data', accepted: false, stays: true },
        { volume: cache, path: '/cache', accepted: false, stays: false },
        { volume: scratch, path: '/tmp/scratch', accepted: true, stays: false },
      ]) as unknown,
    },
  ]);
  await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
  const left = await allVolumes();
  try {
    expect(left).toContain(data);
    expect(left).not.toContain(cache);
    expect(left).not.toContain(scratch);
    expect(await contentOf(data!, 'orders.db')).toBe('precious');
  } finally {
    await docker.getVolume(data!).remove();
  }
});

test('data that the file lets go goes with its container, and nothing is left over [proves 6]', async () => {
  const container = await deploy({ discard: ['/data', '/cache/'] });
  const made = Object.values(await volumesOf(container));
  expect(made).toHaveLength(3);
  await write('/data/a');
  await write('/cache/b');
  await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
  const left = await allVolumes();
  expect(made.filter((volume) => left.includes(volume))).toEqual([]);
});

test('a slot that is cleared for another release, or for a lack of replicas, keeps data as a removal does [proves 6]', async () => {
  const container = await deploy({ discard: ['/cache'] });
  await write('/data/a');
  await write('/cache/b');
  const { '/data': data, '/cache': cache } = await volumesOf(container);
  const config = configOf(scope.app, { services: { web: webService({ discard: ['/data', '/cache'] }) } });
  const next = releaseOf(scope, '2.0.0', 'next');
  await app.target.groups.deploy({ release: next, slot: 'blue', services: [specOf(config, 'web', image)] }, io);
  const left = await allVolumes();
  try {
    expect(left).toContain(data);
    expect(left).not.toContain(cache);
  } finally {
    await docker.getVolume(data!).remove();
  }
});

test('volumes with a name and folders of the host are told apart from those without, and stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bind-'));
  const volumes = [
    { source: named, target: '/data', shared: true },
    { source: folder, target: '/cache', readOnly: true },
  ];
  await deploy({ volumes });
  await write('/data/a');
  const [held] = await app.target.volumes.heldBy(scope, 'blue', io);
  expect(held!.anonymous.map(({ path }) => path)).toEqual(['/tmp/scratch']);
  expect(held!.mounted).toHaveLength(2);
  expect(held!.mounted).toEqual(
    expect.arrayContaining([
      { source: named, target: '/data' },
      { source: folder, target: '/cache' },
    ]),
  );
  await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
  expect(await app.target.volumes.holdsData(named, io)).toBe(true);
  expect(await app.target.volumes.holdsData(folder, io)).toBe(false);
  await rm(folder, { recursive: true });
  expect(await app.target.volumes.holdsData(folder, io)).toBe(false);
  expect(await app.target.volumes.holdsData(`${named}-none`, io)).toBe(false);
});

test('a volume that keeps what is written to /tmp takes the place of the memory that is there otherwise [proves 6]', async () => {
  const container = await deploy({ volumes: [{ source: named, target: '/tmp/', shared: true }] });
  expect(await volumesOf(container)).toMatchObject({ '/tmp': named });
  expect((await docker.getContainer(container).inspect()).HostConfig.Tmpfs ?? {}).toEqual({});
});

test('what a container wrote into itself is found, and nothing where it can write nothing', async () => {
  const loose = await deploy({ readOnlyRoot: false });
  await docker.getContainer(loose).putArchive(await archiveOf('orders.db'), { path: '/etc' });
  expect(await app.target.volumes.changedFiles(web, io)).toContain('/etc/orders.db');
  expect((await app.target.volumes.heldBy(scope, 'blue', io))[0]!.readOnlyRoot).toBe(false);
  await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
  await deploy({});
  expect((await app.target.volumes.heldBy(scope, 'blue', io))[0]!.readOnlyRoot).toBe(true);
});

test('the container by which a volume is read for a backup leaves none of the volumes of its own image [proves 6]', async () => {
  await docker.createVolume({ Name: named });
  // Any image will do, so the newest is taken: that of this test, unless somebody builds another just now.
  const stream = await app.target.volumes.archive(scope, named, io);
  const [reader] = await containers();
  const made = Object.values(await volumesOf(reader!.Id)).filter((volume) => volume !== named);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.resume();
  await closed;
  await until(containers, { what: 'the container that read to go', is: (seen) => seen.length === 0, every: 100 });
  const left = await allVolumes();
  expect(made.filter((volume) => left.includes(volume))).toEqual([]);
  expect(left).toContain(named);
});

async function archiveOf(name: string): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name }, 'precious');
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
