import type { PinnedImage } from '../../../domain/release';
import { BUSYBOX, builtFrom, configOf, docker, EngineApp, releaseOf, removeEverything, specOf } from './fixture';

const app = new EngineApp();
const { scope, io } = app;
const release = releaseOf(scope);
const FILES =
  'RUN mkdir -p /tmp/app && printf "#!/bin/sh\\necho ran >> /tmp/app/log; cat /tmp/app/log" > /tmp/app/run && chmod -R 777 /tmp/app';
const web = { scope, group: 'blue' as const, service: 'web', replica: 1 };

afterEach(() => removeEverything(scope));

async function deploy(settings: Record<string, unknown>, lines: string[] = []) {
  const image: PinnedImage =
    lines.length > 0
      ? await builtFrom(app, [`FROM ${BUSYBOX}`, 'USER root', ...lines, 'USER 10001'])
      : await app.target.images.pull(BUSYBOX, 'web', io);
  const command = ['sh', '-c', 'exec sleep 1000'];
  const service = { image: BUSYBOX, traffic: 'none', run: 'both', command, stopGrace: '1s', ...settings };
  const config = configOf(scope.app, { services: { web: service } });
  const [replica] = await app.target.groups.deploy(
    { release, slot: 'blue', services: [specOf(config, 'web', image)] },
    io,
  );
  return docker.getContainer(replica!.container).inspect();
}

const sh = async (text: string, group: 'blue' | 'baseline' = 'blue') =>
  app.target.replicas.exec({ ...web, group }, ['sh', '-c', text], io);

test('a program that the image has in /tmp runs under a read-only root, and /tmp is writable [proves 9]', async () => {
  const info = await deploy({}, [FILES]);
  expect(info.HostConfig.ReadonlyRootfs).toBe(true);
  expect(await sh('/tmp/app/run')).toEqual({ exitCode: 0, output: 'ran\n' });
  expect((await sh('touch /tmp/here && touch /there')).output).toMatch(/there: Read-only/);
});

test('the volume that stands in for /tmp goes with its container, and copies get one of their own [proves 9]', async () => {
  const info = await deploy({}, [FILES, 'VOLUME /tmp']);
  await app.target.groups.copy(releaseOf(scope, '2.0.0', 'next'), 'blue', io);
  await sh('/tmp/app/run');
  expect((await sh('/tmp/app/run', 'baseline')).output).toBe('ran\n');
  for (const group of ['blue', 'baseline'] as const) await app.target.groups.remove({ scope, group, grace: 0 }, io);
  const [mount] = info.Mounts;
  await expect(docker.getVolume(mount!.Name!).inspect()).rejects.toMatchObject({ statusCode: 404 });
});

test('an image without files in /tmp gets a /tmp in memory, from which programs run [proves 9]', async () => {
  const { HostConfig, Mounts } = await deploy({});
  expect(HostConfig.Tmpfs).toEqual({ '/tmp': 'exec,mode=1777' });
  expect(Mounts).toEqual([]);
  const program = "printf '#!/bin/sh\\necho ran' > /tmp/run && chmod +x /tmp/run && /tmp/run";
  expect(await sh(program)).toEqual({ exitCode: 0, output: 'ran\n' });
});

test('with a writable root nothing is mounted at /tmp, so what the image has there runs [proves 9]', async () => {
  const { HostConfig, Mounts } = await deploy({ readOnlyRoot: false }, [FILES]);
  expect([HostConfig.Tmpfs ?? {}, Mounts]).toEqual([{}, []]);
  expect((await sh('/tmp/app/run')).output).toBe('ran\n');
});

test('tmpfs mounts what it names, with its options, and nothing else [proves 9]', async () => {
  const { HostConfig } = await deploy({ tmpfs: ['/run:size=1m,mode=1777,exec', '/cache/'] }, [FILES]);
  expect(HostConfig.Tmpfs).toEqual({ '/run': 'size=1m,mode=1777,exec', '/cache': '' });
  const { output } = await sh('grep tmpfs /proc/mounts | grep -E " /(run|cache) "; touch /tmp/x');
  expect(output).toMatch(/\/run tmpfs rw,nosuid,nodev,relatime,size=1024k/);
  expect(output).toMatch(/\/cache tmpfs [^ ]*noexec/);
  expect(output).toMatch(/\/tmp\/x: Read-only/);
});

const OPTIONS =
  'rw nosuid nodev noexec noatime diratime relatime size=65536k size=1M mode=01777 uid=1000 nr_inodes=1k nr_blocks=64 dirsync';

test('the engine takes each option that the file takes [proves 9]', async () => {
  const tmpfs = OPTIONS.split(' ').map((option, index) => `/mnt/${index}:${option}`);
  await deploy({ tmpfs });
  const { output } = await sh('grep -c " /mnt/" /proc/mounts');
  expect(output.trim()).toBe(String(tmpfs.length));
});

test.each(['EXEC', 'size=64MB', 'mode=9', 'bind', 'colour=red'])(
  '%s is refused, since the engine would refuse it at the start [proves 9]',
  async (option) => {
    await expect(deploy({ tmpfs: [`/mnt:${option}`] })).rejects.toThrow(`seen \\"${option}\\"`);
  },
);

test.each([['/tmp'], ['/tmp/'], ['/var/../tmp']])('a volume at %s is the only mount there', async (target) => {
  const volumes = [{ source: `${scope.app}-scratch`, target, shared: true }];
  const { HostConfig, Mounts } = await deploy({ volumes }, [FILES]);
  expect(HostConfig.Tmpfs ?? {}).toEqual({});
  expect(Mounts).toHaveLength(1);
  await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
  await docker.getVolume(volumes[0]!.source).remove();
});

test('whoever asks for a folder of the target at once with others gets an answer [proves folders]', async () => {
  const ask = (path: string) => app.target.volumes.isThere(scope, path, io);
  expect(await Promise.all(['/etc', '/etc', '/etc', '/not/there'].map(ask))).toEqual([true, true, true, false]);
});
