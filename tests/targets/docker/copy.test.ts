import { groupOfAddress } from '../../../targets/docker/addresses';
import { LABELS } from '../../../domain/names';
import type { PinnedImage } from '../../../domain/release';
import { containerName } from '../../../targets/docker/names';
import { BUSYBOX, configOf, docker, EngineApp, releaseOf, removeEverything, specOf, webService } from './fixture';

const app = new EngineApp();
const { scope, io } = app;
const live = releaseOf(scope, '1.0.0', 'live');
const next = releaseOf(scope, '2.0.0', 'next');
const SECRET = 'only the live containers know it';
let image: PinnedImage;

beforeAll(async () => {
  image = await app.target.images.pull(BUSYBOX, 'web', io);
});
beforeEach(async () => {
  await app.target.groups.deploy({ release: live, slot: 'blue', services: services() }, io);
});
afterEach(() => removeEverything(scope));

function services() {
  const web = webService({ replicas: 2, cpu: 0.5, memory: '64MiB', env: { GREETING: SECRET } });
  const queue = { image: BUSYBOX, command: ['sleep', '1000'], traffic: 'none', stopGrace: '1s' };
  const config = configOf(scope.app, {
    services: { web, queue: { ...queue, run: 'both' }, job: { ...queue, run: 'live-only' } },
  });
  return Object.entries(config.services).map(([name, { run }]) =>
    specOf(config, name, { ...image, service: name }, run !== 'live-only'),
  );
}

const inspect = (container: string) => docker.getContainer(container).inspect();
const ids = async () => (await Promise.all((await found()).map(inspect))).map(({ Id }) => Id);
const found = async () => (await app.target.replicas.list(scope, 'baseline', io)).map(({ container }) => container);

test('the copies are what is live, under names, labels and addresses of their own', async () => {
  await app.target.groups.start({ scope, group: 'blue', service: 'job' }, io);
  const copies = await app.target.groups.copy(next, 'blue', io);
  expect(copies.map(({ service, replica, state }) => `${service} ${replica} ${state}`)).toEqual([
    'queue 1 running',
    'web 1 running',
    'web 2 running',
  ]);
  expect(copies.every(({ endpoint }) => !endpoint || groupOfAddress(endpoint.address) === 'baseline')).toBe(true);
  expect(copies[1]).toMatchObject({ version: '1.0.0', releaseId: next.id, imageDigest: image.digest });
  expect(copies.map(({ endpoint }) => endpoint?.port)).toEqual([undefined, 8080, 8080]);

  const [original, copy] = await Promise.all(
    (['blue', 'baseline'] as const).map((group) => inspect(containerName(scope, 'web', group, 2))),
  );
  const { Env, Labels, ...config } = copy!.Config;
  const { Env: wanted, Labels: labels, ...told } = original!.Config;
  expect(Env).toContain(`GREETING=${SECRET}`);
  expect([...Env].sort()).toEqual(
    wanted.map((one) => one.replace('SPILLWAY_SLOT=blue', 'SPILLWAY_SLOT=baseline').replace(live.id, next.id)).sort(),
  );
  expect(Labels).toEqual({ ...labels, [LABELS.slot]: 'baseline', [LABELS.release]: next.id });
  expect({ ...config, Hostname: '' }).toEqual({ ...told, Hostname: '' });
  expect(copy!.HostConfig).toEqual(original!.HostConfig);
});

test('copies reach each other, not the slot that they were made of', async () => {
  await app.target.groups.copy(next, 'blue', io);
  const queue = { scope, group: 'baseline' as const, service: 'queue', replica: 1 };
  const { output } = await app.target.replicas.exec(queue, ['nslookup', 'web-baseline'], io);
  const [web] = (await app.target.replicas.list(scope, 'baseline', io)).filter(({ service }) => service === 'web');
  expect(output).toContain(web!.endpoint!.address);
});

test('copying again changes nothing, and goes on where a worker was killed', async () => {
  await app.target.groups.copy(next, 'blue', io);
  const first = await ids();
  await app.target.groups.copy(next, 'blue', io);
  expect(await ids()).toEqual(first);

  // One was created and not started, one not even created.
  await docker.getContainer(containerName(scope, 'web', 'baseline', 1)).stop({ t: 0 });
  await docker.getContainer(containerName(scope, 'web', 'baseline', 2)).remove({ force: true });
  const copies = await app.target.groups.copy(next, 'blue', io);
  expect(copies.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  expect((await ids()).filter((id) => first.includes(id))).toHaveLength(2);
});

test('two workers that copy at the same time end with one set', async () => {
  await Promise.all([1, 2, 3].map(() => app.target.groups.copy(next, 'blue', io)));
  expect(await found()).toHaveLength(3);
});

test('what another release left of its baseline is cleared, and the live slot stays as it is', async () => {
  const before = await app.target.replicas.list(scope, 'blue', io);
  await app.target.groups.copy(releaseOf(scope, '2.0.0', 'before'), 'blue', io);
  const copies = await app.target.groups.copy(next, 'blue', io);
  expect(new Set(copies.map(({ releaseId }) => releaseId))).toEqual(new Set([next.id]));
  expect(await app.target.groups.remove({ scope, group: 'baseline', releaseId: next.id, grace: 0 }, io)).toHaveLength(
    3,
  );
  expect(await app.target.groups.remove({ scope, group: 'baseline', releaseId: next.id, grace: 0 }, io)).toEqual([]);
  expect(await app.target.replicas.list(scope, 'blue', io)).toEqual(before);
});

test('without anything live there is nothing to copy', async () => {
  await expect(app.target.groups.copy(next, 'green', io)).rejects.toMatchObject({
    name: 'UnreachableFailure',
    message: expect.stringContaining('expected containers in green to make a fresh baseline of, seen none') as string,
  });
  expect(await found()).toEqual([]);
});

test('siblings find each other by names with {slot} in them, in a slot and in its copies [proves siblings]', async () => {
  const third = releaseOf(scope, '1.0.0', 'third');
  const env = {
    API_URL: 'http://api-{slot}:8080/{version}',
    KEY: { env: 'KEY' },
    OTHER: '{"a":"{release}","b":"${slot}"}',
  };
  const words = ['sh', '-c', 'echo in {slot}; exec sleep 1000'];
  const queue = { image: BUSYBOX, command: words, traffic: 'none', run: 'both', stopGrace: '1s', env };
  const config = configOf(scope.app, { services: { api: webService(), queue } });
  const of = (service: string) => specOf(config, service, { ...image, service });
  const specs = [of('api'), { ...of('queue'), env: { ...env, KEY: 'http://api-{slot}:1' } }];
  await app.target.groups.deploy({ release: third, slot: 'blue', services: specs }, io);
  await app.target.groups.copy(next, 'blue', io);
  for (const [group, id] of [
    ['blue', third.id],
    ['baseline', next.id],
  ] as const) {
    const { Config } = await inspect(containerName(scope, 'queue', group, 1));
    expect(Config.Env).toEqual(
      expect.arrayContaining([
        `API_URL=http://api-${group}:8080/1.0.0`,
        'KEY=http://api-{slot}:1',
        `OTHER={"a":"${id}","b":"\${slot}"}`,
      ]),
    );
    expect(Config.Cmd.at(-1)).toBe(`echo in ${group}; exec sleep 1000`);
    const asked = { scope, group, service: 'queue', replica: 1 };
    const fetch = ['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - ${API_URL%/*}/ && exit; sleep 1; done'];
    expect((await app.target.replicas.exec(asked, fetch, io)).output).toContain('hello from 1.0.0');
  }
});
