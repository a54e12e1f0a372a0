import { deployActivities } from '../../activities/deploy';
import { smokeActivities } from '../../activities/smoke';
import { BUSYBOX, docker, quietIo, webService } from '../targets/docker/fixture';
import { until } from '../support/until';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;
const io = quietIo();

beforeAll(async () => {
  world = await SlotWorld.open();
  const image = await world.target.images.pull(BUSYBOX, 'web', io);
  const step = await world.step({
    services: {
      web: webService({ routes: [{ port: 80 }], health: { endpoints: [{ path: '/index.html' }], attempts: 50 } }),
    },
  });
  await run(deployActivities(world.parts).deploySlot, { ...step, slot: 'blue', images: [image], firstRelease: true });
});
afterAll(() => world.close());

/** The app as it runs, smoked with these checks. */
async function smokeWith(
  settings: Record<string, unknown>,
  routes: unknown[] = [],
  through: 'slot' | 'router' = 'slot',
  onBeat?: (details: unknown) => void,
) {
  const step = await world.step({ services: { web: webService({ routes }) }, ...settings });
  return run(smokeActivities(world.parts).smoke, { ...step, slot: 'blue', through }, onBeat);
}

test('every check that passes is reported with its latency [proves D8]', async () => {
  const { checks } = await smokeWith({
    smoke: { checks: [{ service: 'web', path: '/index.html', contains: 'hello from 1.0.0' }] },
  });
  expect(checks).toEqual([
    { name: 'web /index.html', ok: true, latency: expect.any(Number), detail: expect.stringMatching(/^200 in/) },
  ]);
});

test('a failure names all checks that failed, with what was expected and seen', async () => {
  const checks = [
    { service: 'web', path: '/index.html' },
    { service: 'web', path: '/index.html', contains: 'goodbye', name: 'politeness' },
    { service: 'web', path: '/none' },
  ];
  await expect(smokeWith({ smoke: { checks } })).rejects.toMatchObject({
    name: 'SmokeFailure',
    message: expect.stringMatching(
      /seen 2 of \d+ fail[^]*politeness: expected a body that contains "goodbye"[^]*web \/none: expected status 200, seen 404/,
    ),
  });
});

test('watched for a time, so many failures in a row fail it [proves D7]', async () => {
  const [replica] = await world.target.replicas.list(world.scope, 'blue', io);
  const smoke = { checks: [{ service: 'web', path: '/index.html' }], watch: '1h', interval: '100ms', failures: 3 };
  const beats: string[] = [];
  const watched = smokeWith({ smoke }, [], 'slot', (details) => beats.push(String(details)));
  const settled = expect(watched).rejects.toMatchObject({
    name: 'SmokeFailure',
    message: expect.stringContaining('3 times in a row'),
  });
  await until(() => beats.at(-1)?.startsWith('watched for'), { what: 'the watch to have begun' });
  await docker.getContainer(replica!.container).pause();
  try {
    await settled;
  } finally {
    await docker.getContainer(replica!.container).unpause();
  }
});

test('through the router the limits of verify count as well [proves D10]', async () => {
  const [replica] = await world.target.replicas.list(world.scope, 'blue', io);
  const proxy = await forward(replica!.endpoint!.address, 8080);
  try {
    const smoke = { checks: [{ service: 'web', path: '/index.html' }] };
    const routes = [{ port: proxy.port, host: 'shop.example' }];
    const good = await smokeWith({ smoke, verify: { maxLatency: '2s', maxMemory: '500MB' } }, routes, 'router');
    expect(good.checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['web /index.html', true],
      [`memory of ${replica!.container}`, true],
    ]);
    expect(proxy.hosts()).toContain('shop.example');
    await expect(smokeWith({ smoke, verify: { maxMemory: '1KB' } }, routes, 'router')).rejects.toThrow(
      /expected at most 1 KB, seen/,
    );
  } finally {
    await proxy.close();
  }
});

/** Stands for the router: hands requests on to a replica, and remembers for which host they were. */
async function forward(address: string, port: number) {
  const { createServer, request } = await import('node:http');
  const seen: (string | undefined)[] = [];
  const server = createServer((incoming, answer) => {
    seen.push(incoming.headers.host);
    request({ host: address, port, path: incoming.url }, (reply) => reply.pipe(answer)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    hosts: () => seen,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
