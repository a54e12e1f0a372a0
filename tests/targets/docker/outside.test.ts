import type { PinnedImage } from '../../../domain/release';
import { groupOfAddress } from '../../../targets/docker/addresses';
import { until } from '../../support/until';
import { BUSYBOX, configOf, docker, EngineApp, releaseOf, removeEverything, specOf, webService } from './fixture';

const app = new EngineApp();
const { scope, io } = app;
const release = releaseOf(scope);
const shop = `${scope.app}_default`;
let image: PinnedImage;

/** A Compose project that runs already: its network, its cache, and the old stack's service of the same name. */
beforeAll(async () => {
  image = await app.target.images.pull(BUSYBOX, 'web', io);
  await docker.createNetwork({ Name: shop });
  await outside('redis', 'echo cached');
  await outside('web', 'echo old');
});
afterEach(async () => {
  for (const group of ['blue', 'green', 'baseline'] as const)
    await app.target.groups.remove({ scope, group, grace: 0 }, io);
});
afterAll(async () => {
  for (const name of ['redis', 'web']) await docker.getContainer(`${scope.app}-${name}-1`).remove({ force: true });
  await removeEverything(scope);
  await docker.getNetwork(shop).remove();
});

async function outside(name: string, says: string): Promise<void> {
  const command = `mkdir -p /tmp/www && ${says} > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www`;
  const container = await docker.createContainer({
    name: `${scope.app}-${name}-1`,
    Image: BUSYBOX,
    Cmd: ['sh', '-c', command],
    HostConfig: { NetworkMode: shop },
    NetworkingConfig: { EndpointsConfig: { [shop]: { Aliases: [name] } } },
  });
  await container.start();
}

async function deploy(settings: Record<string, unknown> = {}) {
  const config = configOf(scope.app, { services: { web: webService({ networks: [shop], ...settings }) } });
  const services = [specOf(config, 'web', image)];
  const [replica] = await app.target.groups.deploy({ release, slot: 'blue', services }, io);
  return replica!;
}

const inside = async (text: string, group: 'blue' | 'baseline' = 'blue') =>
  app.target.replicas.exec({ scope, group, service: 'web', replica: 1 }, ['sh', '-c', text], io);
const fetched = (url: string, group: 'blue' | 'baseline' = 'blue') =>
  until(async () => (await inside(`wget -q -O - ${url}`, group)).output, {
    what: `an answer of ${url}`,
    is: (text) => text !== '' && !text.includes('wget:'),
  });
const joined = async (container: string) =>
  Object.entries((await docker.getContainer(container).inspect()).NetworkSettings.Networks);

test('a service reaches by its Compose name what is left outside, before the first release [proves networks]', async () => {
  const { endpoint } = await deploy();
  expect(await fetched('http://redis:8080')).toBe('cached\n');
  expect(groupOfAddress(endpoint!.address)).toBe('blue');
});

test('it takes no name of the old stack on the shared network [proves networks]', async () => {
  const { container } = await deploy();
  expect(await fetched('http://web:8080')).toBe('old\n');
  const [, { Aliases }] = (await joined(container)).find(([name]) => name === shop)!;
  const { Id } = await docker.getContainer(container).inspect();
  expect(((Aliases ?? []) as string[]).filter((alias) => alias !== container && alias !== Id.slice(0, 12))).toEqual([]);
  const asked = await docker.getContainer(`${scope.app}-redis-1`).exec({
    Cmd: ['nslookup', 'web-blue'],
    AttachStdout: true,
  });
  const stream = await asked.start({});
  for await (const chunk of stream) void chunk;
  expect((await asked.inspect()).ExitCode).not.toBe(0);
});

test('a container that a killed worker made without its networks joins them, and copies do [proves networks]', async () => {
  const { container } = await deploy();
  await docker.getNetwork(shop).disconnect({ Container: container });
  await deploy();
  expect((await joined(container)).map(([name]) => name)).toContain(shop);
  await app.target.groups.copy(releaseOf(scope, '2.0.0', 'next'), 'blue', io);
  expect(await fetched('http://redis:8080', 'baseline')).toBe('cached\n');
});

test('a stopped container is on its networks again after its start [proves networks]', async () => {
  await deploy();
  const of = { scope, group: 'blue' as const, service: 'web' };
  await app.target.groups.stop(of, 0, io);
  await app.target.groups.start(of, io);
  expect(await fetched('http://redis:8080')).toBe('cached\n');
});

test('a stopped container starts on a network that was made anew meanwhile [proves networks]', async () => {
  const name = `${shop}-anew`;
  const network = await docker.createNetwork({ Name: name });
  const { container } = await deploy({ networks: [name] });
  const of = { scope, group: 'blue' as const, service: 'web' };
  await app.target.groups.stop(of, 0, io);
  await network.remove();
  const anew = await docker.createNetwork({ Name: name });
  try {
    await app.target.groups.start(of, io);
    const { NetworkSettings, State } = await docker.getContainer(container).inspect();
    expect([State.Running, NetworkSettings.Networks[name]?.NetworkID]).toEqual([true, anew.id]);
  } finally {
    await app.target.groups.remove({ scope, group: 'blue', grace: 0 }, io);
    await anew.remove();
  }
});

test('a network that is gone by then is told, and not tried again [proves networks]', async () => {
  await expect(deploy({ networks: [`${shop}-gone`] })).rejects.toMatchObject({
    name: 'ConfigurationFailure',
    message: expect.stringMatching(/to join the network t\w+_default-gone, seen network .* not found: make the/),
  });
});

test('names of hosts are known, that of the target itself too [proves networks]', async () => {
  await deploy({ hosts: { db: '10.0.0.5', six: 'fd00::5', 'host.docker.internal': 'host-gateway' } });
  const { output } = await inside('cat /etc/hosts');
  expect(output).toMatch(/10\.0\.0\.5\s+db\n/);
  expect(output).toMatch(/fd00::5\s+six\n/);
  expect(output).toMatch(/\d+\.\d+\.\d+\.\d+\s+host\.docker\.internal\n/);
});
