import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { HostContainer } from '../../../domain/host';
import { openTarget, type OpenTarget } from '../../../targets/open';

import {
  BUSYBOX,
  HELPER,
  docker,
  quietIo,
  releaseOf,
  removeEverything,
  specOf,
  configOf,
  targetConfig,
  uniqueScope,
  webService,
} from './fixture';
import { overSsh, overTcp, overTls, type Road } from './engine-roads';
import { until } from '../../support/until';

const io = quietIo();
const TOKEN = 'he4lth-t0ken-value';
/** An image of this test's own, and so a helper container of its own. Its entry point must not be in the way. */
const helperImage = `spillway-helper-test:${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  const base = await docker.createContainer({ Image: HELPER });
  const [repo, tag] = helperImage.split(':') as [string, string];
  await base.commit({ repo, tag, changes: 'ENTRYPOINT ["socat"]' });
  await base.remove();
});
afterAll(async () => {
  for (const { Id, Image } of await docker.listContainers({ all: true })) {
    if (Image === helperImage) await docker.getContainer(Id).remove({ force: true });
  }
  await docker.getImage(helperImage).remove({ force: true });
});
const local = (): Promise<Road> =>
  Promise.resolve({ config: {}, surroundings: { variables: {} }, close: () => undefined });

describe.each([
  ['on the engine’s own machine', local],
  ['over TCP', overTcp],
  ['over TCP with TLS', overTls],
  ['over SSH', overSsh],
])('a host %s', (_, open) => {
  let road: Road;
  let target: OpenTarget;
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    road = await open();
    target = await openTarget(targetConfig({ ...road.config, helperImage }), road.surroundings);
    folder = await mkdtemp(join(tmpdir(), 'spillway-host-'));
    // Containers run as other users than this test.
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'marker'), '');
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => socket.end(`heard ${data.toString()}`));
    });
    await new Promise<void>((resolve) => server.listen(join(folder, 'echo.sock'), resolve));
  }, 300_000);
  afterAll(async () => {
    await target.close();
    road.close();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  test('keeps files: written whole, read back, listed, removed', async () => {
    const { host } = target;
    const path = join(folder, 'new/folder/state.json');
    expect(await host.readFile(path, io)).toBeUndefined();
    expect(await host.listFiles(join(folder, 'new'), io)).toEqual([]);
    const large = randomBytes(200_000).toString('hex');
    await host.writeFile(path, large, io);
    expect(await host.readFile(path, io)).toBe(large);
    await host.writeFile(path, 'äöü "quoted" $HOME\n', io);
    expect(await host.readFile(path, io)).toBe('äöü "quoted" $HOME\n');
    await host.writeFile(join(folder, 'new/folder/empty'), '', io);
    expect(await host.readFile(join(folder, 'new/folder/empty'), io)).toBe('');
    expect(await host.listFiles(join(folder, 'new/folder'), io)).toEqual(['empty', 'state.json']);
    await host.removeFile(path, io);
    await host.removeFile(path, io);
    expect(await readdir(join(folder, 'new/folder'))).toEqual(['empty']);
  });

  test('runs programs of its own and tells how they ended', async () => {
    expect(await target.host.run(['sh', '-c', 'echo out; echo err >&2; exit 3'], io)).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await target.host.run(['no-such-program'], io)).exitCode).toBeGreaterThan(125);
    expect((await target.probe(io)).freeDisk).toBeGreaterThan(0);
  });

  test('connects to a socket of the host, and says so when nobody listens', async () => {
    const stream = await target.host.connect({ socket: join(folder, 'echo.sock') }, io);
    stream.write('hello');
    expect(await text(stream)).toBe('heard hello');
    const nobody = async (): Promise<string> => readAll(await target.host.connect({ host: '127.0.0.1', port: 1 }, io));
    await expect(nobody()).rejects.toMatchObject({ name: 'UnreachableFailure' });
  });

  test('keeps a container running, makes it anew only when it is to be another, and removes it', async () => {
    const { host } = target;
    const container: HostContainer = {
      name: `spillway-test-${randomBytes(4).toString('hex')}`,
      image: BUSYBOX,
      command: ['sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'],
      labels: { 'spillway.test': 'host' },
      binds: [`${folder}:/shared`],
      hostNetwork: true,
      env: { GREETING: 'hi' },
    };
    try {
      expect((await Promise.all([1, 2, 3].map(() => host.ensureContainer(container, io)))).sort()).toContain('started');
      expect(await host.ensureContainer(container, io)).toBe('running');
      const first = await docker.getContainer(container.name).inspect();
      expect(
        await host.execInContainer(container.name, ['sh', '-c', 'echo $GREETING; ls /shared/marker; exit 4'], io),
      ).toMatchObject({ exitCode: 4, stdout: 'hi\n/shared/marker\n' });
      expect(
        await host.ensureContainer(
          { ...container, command: ['sh', '-c', 'trap "exit 0" TERM; sleep 2000 & wait'] },
          io,
        ),
      ).toBe('started');
      expect((await docker.getContainer(container.name).inspect()).Id).not.toBe(first.Id);
    } finally {
      await host.removeContainer(container.name, io);
    }
    await host.removeContainer(container.name, io);
    await expect(docker.getContainer(container.name).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('leaves a container alone that somebody else runs under the name it wants [proves 1]', async () => {
    const name = `spillway-test-${randomBytes(4).toString('hex')}`;
    const stranger = await docker.createContainer({ name, Image: BUSYBOX, Cmd: ['sleep', '600'] });
    try {
      await stranger.start();
      const container: HostContainer = {
        name,
        image: BUSYBOX,
        command: ['true'],
        labels: {},
        binds: [],
        hostNetwork: true,
      };
      await expect(target.host.ensureContainer(container, io)).rejects.toMatchObject({
        name: 'ConfigurationFailure',
        message: expect.stringContaining('Spillway left it alone') as string,
      });
      expect((await stranger.inspect()).State.Running).toBe(true);
    } finally {
      await stranger.remove({ force: true });
    }
  });

  test('finds a container by name, renames it while it runs, and one that ended by a signal stays away', async () => {
    const { host } = target;
    const container: HostContainer = {
      name: `spillway-test-${randomBytes(4).toString('hex')}`,
      image: BUSYBOX,
      command: ['sh', '-c', 'trap "exit 0" USR1; echo listening; sleep 1000 & wait'],
      labels: {},
      binds: [],
      hostNetwork: true,
    };
    const renamed = { ...container, name: `${container.name}-old` };
    try {
      expect(await host.findContainer(container, io)).toBeUndefined();
      await host.ensureContainer(container, io);
      const found = await host.findContainer(container, io);
      expect(found).toMatchObject({ running: true, same: true });
      expect(await host.findContainer({ ...container, image: 'other' }, io)).toMatchObject({ same: false });
      for (const time of ['first', 'again']) {
        await host.renameContainer(container.name, renamed.name, io);
        expect([time, (await host.findContainer(renamed, io))?.id]).toEqual([time, found?.id]);
      }
      await until(() => hasSaid(renamed.name, 'listening'), { what: 'its container to listen for signals' });
      await host.signalContainer(renamed.name, 'SIGUSR1', io);
      await until(async () => !(await host.findContainer(renamed, io))?.running, { what: 'its container to stop' });
      await host.signalContainer(renamed.name, 'SIGUSR1', io);
      expect(await host.findContainer(renamed, io)).toMatchObject({ id: found?.id, running: false });
    } finally {
      await host.removeContainer(container.name, io);
      await host.removeContainer(renamed.name, io);
    }
  });

  test('asks a container on its network', async () => {
    const scope = uniqueScope();
    const began = Math.floor(Date.now() / 1_000);
    try {
      const image = await target.images.pull(BUSYBOX, 'web', io);
      const config = configOf(scope.app, { services: { web: webService() } });
      const [replica] = await target.groups.deploy(
        { release: releaseOf(scope), slot: 'blue', services: [specOf(config, 'web', image)] },
        io,
      );
      const check = {
        path: '/index.html',
        method: 'GET' as const,
        headers: { Authorization: `Bearer ${TOKEN}` },
        status: [200],
        json: {},
        timeout: 5_000,
      };
      const endpoint = replica!.endpoint!;
      const answer = await until(() => target.replicas.ask({ endpoint }, check, io));
      expect(answer).toMatchObject({ status: 200, body: 'hello from 1.0.0\n' });
      // The engine tells every program it starts, with its arguments.
      expect(await toldSince(began)).not.toContain(TOKEN);
      expect(await target.replicas.logs({ scope, ...replica! }, 5, io)).toEqual([]);
      expect(await target.replicas.exec({ scope, ...replica! }, ['echo', 'hi'], io)).toEqual({
        exitCode: 0,
        output: 'hi\n',
      });
    } finally {
      await removeEverything(scope);
    }
  });
});

async function hasSaid(container: string, word: string): Promise<boolean> {
  const said = await docker.getContainer(container).logs({ stdout: true, stderr: true, follow: false });
  return said.toString().includes(word);
}

/** What the engine told of all it did since then, in seconds since the epoch. */
async function toldSince(began: number): Promise<string> {
  const until = Math.ceil(Date.now() / 1_000);
  return text((await docker.getEvents({ since: began, until })) as Readable);
}

test('a machine that is not in known_hosts is refused, with what to do', async () => {
  const road = await overSsh({ isKnown: false });
  const target = await openTarget(targetConfig({ ...road.config, helperImage }), road.surroundings);
  try {
    await expect(target.probe(io)).rejects.toMatchObject({
      name: 'UnreachableFailure',
      message: expect.stringContaining('ssh-keyscan'),
    });
  } finally {
    await target.close();
    road.close();
  }
});

test('an SSH server that forwards nothing is used as Docker’s own client does', async () => {
  const road = await overSsh({ mayForward: false });
  const target = await openTarget(targetConfig({ ...road.config, helperImage }), road.surroundings);
  try {
    expect((await target.probe(io)).cores).toBeGreaterThan(0);
  } finally {
    await target.close();
    road.close();
  }
});

async function readAll(stream: Duplex): Promise<string> {
  return text(stream);
}
