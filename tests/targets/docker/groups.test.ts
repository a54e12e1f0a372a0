import { groupOfAddress } from '../../../targets/docker/addresses';
import { LABELS } from '../../../domain/names';
import type { PinnedImage } from '../../../domain/release';
import { containerName, networkName } from '../../../targets/docker/names';
import { connectEngine } from '../../../targets/docker/engine';
import { ensureNetwork } from '../../../targets/docker/network';
import { openTarget } from '../../../targets/open';
import {
  BUSYBOX,
  configOf,
  docker,
  EngineApp,
  releaseOf,
  removeEverything,
  specOf,
  targetConfig,
  uniqueScope,
  webService,
} from './fixture';
import { until } from '../../support/until';

const app = new EngineApp();
const { scope, io } = app;
const POOL = targetConfig().addressPool;
const engine = connectEngine({}, { variables: {} });
const web = { scope, group: 'blue' as const, service: 'web', replica: 1 };
const check = { path: '/index.html', method: 'GET' as const, headers: {}, status: [200], json: {}, timeout: 2_000 };
let image: PinnedImage;

beforeAll(async () => {
  image = await app.target.images.pull(BUSYBOX, 'web', io);
});
beforeEach(() => ensureNetwork(engine, POOL, scope, io));
afterEach(() => removeEverything(scope));

function services(settings: Record<string, unknown> = {}, start = true) {
  const config = configOf(scope.app, { services: { web: webService(settings) } });
  return [specOf(config, 'web', image, start)];
}

/** BusyBox needs a moment from its start to its first answer. */
const eventually = <T>(ask: () => Promise<T>): Promise<T> =>
  until(ask, { what: 'an answer', is: () => true, every: 100 });

test('the network of an environment is a free /24 that carries its owner, and is made only once', async () => {
  await Promise.all([1, 2, 3].map(() => ensureNetwork(engine, POOL, scope, io)));
  const found = await docker.listNetworks({ filters: { name: [networkName(scope)] } });
  expect(found).toHaveLength(1);
  expect(found[0]!.IPAM!.Config![0]!.Subnet).toMatch(/^10\.210\.\d+\.0\/24$/);
  expect(found[0]!.Labels?.[LABELS.id]).toBe(scope.owner.id);
});

test('networks that are made at the same time get different subnets', async () => {
  const scopes = [uniqueScope(), uniqueScope(), uniqueScope()];
  try {
    await Promise.all(scopes.map((each) => ensureNetwork(engine, POOL, each, io)));
    const all = await docker.listNetworks();
    const subnets = scopes.map((each) => all.find(({ Name }) => Name === networkName(each))!.IPAM!.Config![0]!.Subnet);
    expect(new Set(subnets).size).toBe(3);
  } finally {
    await Promise.all(scopes.map((each) => removeEverything(each)));
  }
});

test('a slot runs every replica with its labels, limits and a fixed address, and answers as seen from the host', async () => {
  const release = releaseOf(scope);
  const spec = services({ replicas: 2, cpu: 0.5, memory: '64MiB' });
  const replicas = await app.target.groups.deploy({ release, slot: 'green', services: spec }, io);
  expect(replicas.map(({ container }) => container)).toEqual(
    [1, 2].map((n) => containerName(scope, 'web', 'green', n)),
  );
  expect(replicas.every(({ state }) => state === 'running')).toBe(true);
  expect(replicas.map(({ endpoint }) => [groupOfAddress(endpoint!.address), endpoint!.port])).toEqual([
    ['green', 8080],
    ['green', 8080],
  ]);
  expect(replicas[0]).toMatchObject({ releaseId: release.id, version: '1.0.0', imageDigest: image.digest });

  const answer = await eventually(() => app.target.replicas.ask({ endpoint: replicas[0]!.endpoint! }, check, io));
  expect(answer).toMatchObject({ status: 200, body: 'hello from 1.0.0\n' });

  const { HostConfig, Config } = await docker.getContainer(replicas[0]!.container).inspect();
  expect(HostConfig).toMatchObject({
    ReadonlyRootfs: true,
    NanoCpus: 5e8,
    Memory: 64 * 2 ** 20,
    SecurityOpt: ['no-new-privileges'],
    RestartPolicy: { Name: 'unless-stopped' },
  });
  expect(Config.Labels).toMatchObject({ [LABELS.id]: scope.owner.id, [LABELS.slot]: 'green', [LABELS.replica]: '1' });
  const { memory } = await app.target.replicas.usage({ scope, ...replicas[0]! }, io);
  expect(memory).toBeGreaterThan(0);
  expect(memory).toBeLessThan(64 * 2 ** 20);
});

test('a service reaches its own slot’s sibling by name', async () => {
  await app.target.groups.deploy({ release: releaseOf(scope), slot: 'blue', services: services() }, io);
  await app.target.groups.deploy({ release: releaseOf(scope, '2.0.0'), slot: 'green', services: services() }, io);
  const asked = (name: string) =>
    app.target.replicas.exec(web, ['wget', '-q', '-O', '-', `http://web-${name}:8080/`], io);
  expect(await eventually(() => asked('blue'))).toMatchObject({ exitCode: 0, output: 'hello from 1.0.0\n' });
  expect(await eventually(() => asked('green'))).toMatchObject({ exitCode: 0, output: 'hello from 2.0.0\n' });
});

test('deploying the same release again leaves its containers alone, whatever state the first attempt left', async () => {
  const release = releaseOf(scope);
  const ids = async () =>
    (await docker.listContainers({ all: true, filters: { label: [`${LABELS.app}=${scope.app}`] } }))
      .map(({ Id }) => Id)
      .sort();
  await app.target.groups.deploy({ release, slot: 'blue', services: services({ replicas: 2 }) }, io);
  const first = await ids();
  await app.target.groups.deploy({ release, slot: 'blue', services: services({ replicas: 2 }) }, io);
  expect(await ids()).toEqual(first);

  // As a worker that was killed between create and start leaves it.
  await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
  await app.target.groups.deploy({ release, slot: 'blue', services: services({ replicas: 2 }, false) }, io);
  const created = await ids();
  const replicas = await app.target.groups.deploy({ release, slot: 'blue', services: services({ replicas: 2 }) }, io);
  expect(await ids()).toEqual(created);
  expect(replicas.map(({ state }) => state)).toEqual(['running', 'running']);
});

test('two workers that deploy the same release at the same time end with one set of containers', async () => {
  const release = releaseOf(scope);
  const deploy = () => app.target.groups.deploy({ release, slot: 'blue', services: services({ replicas: 2 }) }, io);
  await Promise.all([deploy(), deploy(), deploy()]);
  const replicas = await app.target.replicas.list(scope, 'blue', io);
  expect(replicas.map(({ replica, state }) => [replica, state])).toEqual([
    [1, 'running'],
    [2, 'running'],
  ]);
});

test('what another release left in the slot is cleared, and the other slot is not touched', async () => {
  const live = await app.target.groups.deploy({ release: releaseOf(scope), slot: 'blue', services: services() }, io);
  await app.target.groups.deploy(
    { release: releaseOf(scope, '2.0.0', 'x'), slot: 'green', services: services({ replicas: 3 }) },
    io,
  );
  const replicas = await app.target.groups.deploy(
    { release: releaseOf(scope, '2.0.0', 'y'), slot: 'green', services: services() },
    io,
  );
  expect(replicas).toHaveLength(1);
  expect(replicas[0]!.releaseId).toBe(releaseOf(scope, '2.0.0', 'y').id);
  expect(await app.target.replicas.list(scope, 'blue', io)).toEqual(live);
});

test('only the containers of the release are removed, and nothing there is fine', async () => {
  await app.target.groups.deploy({ release: releaseOf(scope), slot: 'blue', services: services() }, io);
  expect(await app.target.groups.remove({ scope, group: 'blue', releaseId: 'another', grace: 1_000 }, io)).toEqual([]);
  expect(
    await app.target.groups.remove({ scope, group: 'blue', releaseId: releaseOf(scope).id, grace: 0 }, io),
  ).toEqual([containerName(scope, 'web', 'blue', 1)]);
  expect(
    await app.target.groups.remove({ scope, group: 'blue', releaseId: releaseOf(scope).id, grace: 0 }, io),
  ).toEqual([]);
  expect(await app.target.replicas.list(scope, 'blue', io)).toEqual([]);
});

test('a live-only service is created, started by hand, and may be stopped twice', async () => {
  const [created] = await app.target.groups.deploy(
    { release: releaseOf(scope), slot: 'blue', services: services({ traffic: 'none', run: 'live-only' }, false) },
    io,
  );
  expect(created!.state).toBe('created');
  expect((await docker.getContainer(created!.container).inspect()).HostConfig.RestartPolicy!.Name).toBe('no');
  await app.target.groups.start(web, io);
  await app.target.groups.start(web, io);
  expect((await docker.getContainer(created!.container).inspect()).HostConfig.RestartPolicy!.Name).toBe(
    'unless-stopped',
  );
  await app.target.groups.stop(web, 1_000, io);
  await app.target.groups.stop(web, 1_000, io);
  expect((await app.target.replicas.list(scope, 'blue', io))[0]!.state).toBe('exited');
});

test('a job is started once, however often that is asked, and the engine does not start it again [proves 3]', async () => {
  const command = ['sh', '-c', 'echo runs; exit 0'];
  await app.target.groups.deploy(
    { release: releaseOf(scope), slot: 'blue', services: services({ traffic: 'none', run: 'once', command }, false) },
    io,
  );
  await app.target.groups.startOnce(web, io);
  const ended = await eventually(async () => {
    const [replica] = await app.target.replicas.list(scope, 'blue', io);
    if (replica!.state !== 'exited') throw new Error('not yet');
    return replica!;
  });
  expect(ended).toMatchObject({ run: 'once', exitCode: 0, restarts: 0 });
  await app.target.groups.startOnce(web, io);
  await app.target.groups.deploy(
    { release: releaseOf(scope), slot: 'blue', services: services({ traffic: 'none', run: 'once', command }, false) },
    io,
  );
  expect((await app.target.replicas.list(scope, 'blue', io))[0]).toEqual(ended);
  expect(await app.target.replicas.logs(web, 10, io)).toEqual(['runs']);
});

test('a paused container is seen as such, goes on when it is started, and can be stopped and removed [proves 2]', async () => {
  const [replica] = await app.target.groups.deploy(
    { release: releaseOf(scope), slot: 'blue', services: services() },
    io,
  );
  const pause = async () => {
    await docker.getContainer(replica!.container).pause();
    expect((await app.target.replicas.list(scope, 'blue', io))[0]!.state).toBe('paused');
  };
  await pause();
  await app.target.groups.start(web, io);
  expect((await app.target.replicas.list(scope, 'blue', io))[0]).toMatchObject({ id: replica!.id, state: 'running' });
  await pause();
  await app.target.groups.stop(web, 1_000, io);
  expect((await app.target.replicas.list(scope, 'blue', io))[0]!.state).toBe('exited');
  await app.target.groups.start(web, io);
  await pause();
  await app.target.groups.remove({ scope, group: 'blue', grace: 1_000 }, io);
  expect(await app.target.replicas.list(scope, 'blue', io)).toEqual([]);
});

test('a container that ends is seen with its exit code, its restarts and its last lines', async () => {
  const command = ['sh', '-c', 'for i in 1 2 3; do echo line $i; done; exit 3'];
  await app.target.groups.deploy({ release: releaseOf(scope), slot: 'blue', services: services({ command }) }, io);
  const seen = await eventually(async () => {
    const [replica] = await app.target.replicas.list(scope, 'blue', io);
    if (!replica!.restarts || replica!.state !== 'restarting') throw new Error('not yet');
    return replica!;
  });
  expect(seen.restarts).toBeGreaterThan(0);
  // It may have begun its lines anew just now.
  await until(() => app.target.replicas.logs(web, 2, io), { is: (lines) => lines.join() === 'line 2,line 3' });
});

test('a command that cannot run is a failure that names it', async () => {
  await expect(
    app.target.groups.deploy(
      { release: releaseOf(scope), slot: 'blue', services: services({ command: ['/no/such'] }) },
      io,
    ),
  ).rejects.toMatchObject({
    name: 'UnhealthyFailure',
    message: expect.stringContaining('/no/such'),
  });
});

test('an engine that is not there is named, with what to do', async () => {
  const none = await openTarget(targetConfig({ host: 'unix:///tmp/no-such.sock' }), { variables: {} });
  await expect(none.probe(io)).rejects.toMatchObject({
    name: 'UnreachableFailure',
    message: expect.stringMatching(/expected a Docker engine at unix:\/\/\/tmp\/no-such.sock, seen ENOENT/),
  });
});

test('a question that nobody answers fails within its time', async () => {
  await app.target.groups.deploy(
    {
      release: releaseOf(scope),
      slot: 'blue',
      services: services({ command: ['sh', '-c', 'sleep 100 | nc -l -p 8080 >/dev/null'] }),
    },
    io,
  );
  const [replica] = await app.target.replicas.list(scope, 'blue', io);
  const hangs = { ...check, timeout: 500 };
  await expect(
    eventually(async () => {
      try {
        return await app.target.replicas.ask({ endpoint: replica!.endpoint! }, hangs, io);
      } catch (error) {
        if (String(error).includes('ECONNREFUSED')) throw error;
        return String(error);
      }
    }),
  ).resolves.toMatch(/none within 500 ms/);
});
