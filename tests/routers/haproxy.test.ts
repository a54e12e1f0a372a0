import { ConfigurationFailure, RouterFailure } from '../../domain/failures';
import { openHaproxy } from '../../routers/haproxy';
import type { HaproxyConfig } from '../../routers/haproxy-config';
import { HaproxyRuntime } from '../../routers/haproxy-runtime';
import type { Router, Routing } from '../../routers/router';
import { ask, freePorts, io, RouterWorld, routingOf, until, untilUp } from '../support/router-world';

let world: RouterWorld;
let config: HaproxyConfig;
let router: Router;
let routing: Routing;
let api: number;
let web: number;
let ports: Record<string, number>;
const scope = { app: 'fx', environment: 'production' };

beforeAll(async () => {
  world = await RouterWorld.open('haproxy');
  const [a, b, ...rest] = await freePorts(6);
  [api, web] = [a!, b!];
  ports = { 'api-blue': rest[0]!, 'web-blue': rest[1]!, 'api-green': rest[2]!, 'web-green': rest[3]! };
  await world.backends(ports);
  config = { kind: 'haproxy', image: 'spillway/haproxy:local', directory: world.directory };
  router = openHaproxy(config, world.target.host);
  routing = routingOf(scope, {
    api: { route: api, blue: [ports['api-blue']!], green: [ports['api-green']!] },
    web: { route: web, blue: [ports['web-blue']!], green: [ports['web-green']!] },
  });
  await router.configure(routing, io);
  await untilUp(router, routing, 'blue');
  await untilUp(router, routing, 'green');
}, 60_000);

afterAll(() => world?.close());

beforeEach(() => router.setGreenShare(scope, 0, io));

test('a share of 0 or 100 sends every visitor of every service to one slot', async () => {
  expect([(await ask(api)).body, (await ask(web)).body]).toEqual(['api-blue', 'web-blue']);
  await router.setGreenShare(scope, 100, io);
  expect([(await ask(api)).body, (await ask(web)).body]).toEqual(['api-green', 'web-green']);
  expect(await router.greenShare(scope, io)).toBe(100);
});

test('configuring again what is in force does not reload', async () => {
  expect(await router.configure(routing, io)).toEqual({ reloaded: false });
});

test('a visitor keeps the slot across services and requests while the share stands', async () => {
  await router.setGreenShare(scope, 50, io);
  for (let visitor = 0; visitor < 10; visitor++) {
    const first = await ask(api);
    const cookie = first.cookie!.split(';')[0]!;
    expect(cookie).toMatch(/^spillway\.fx\.production=\d{1,2}$/);
    const slot = first.body.replace('api-', '');
    for (let again = 0; again < 5; again++) {
      expect((await ask(web, '/', { cookie })).body).toBe(`web-${slot}`);
      expect((await ask(api, '/', { cookie })).body).toBe(`api-${slot}`);
    }
  }
});

test('about the share of new visitors gets green', async () => {
  await router.setGreenShare(scope, 30, io);
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(api)));
  const green = answers.filter((answer) => answer.body === 'api-green').length;
  expect(green).toBeGreaterThan(220);
  expect(green).toBeLessThan(380);
});

test('a forged cookie reaches nothing that the share does not give', async () => {
  for (const forged of ['-1', 'green', '100', '1e9', '0%0a', "0' or", '']) {
    const answer = await ask(api, '/', { cookie: `spillway.fx.production=${forged}` });
    expect(answer).toMatchObject({ status: 200, body: 'api-blue' });
  }
});

test('an undo is complete: with a share of 0 even visitors who had green get blue', async () => {
  await router.setGreenShare(scope, 50, io);
  expect((await ask(api, '/', { cookie: 'spillway.fx.production=3' })).body).toBe('api-green');
  await router.setGreenShare(scope, 0, io);
  expect((await ask(api, '/', { cookie: 'spillway.fx.production=3' })).body).toBe('api-blue');
});

test('the share outlives a restart of the router', async () => {
  await router.setGreenShare(scope, 100, io);
  await world.docker('restart', world.container);
  await until(() =>
    ask(api).then(
      (answer) => answer.body === 'api-green',
      () => false,
    ),
  );
  expect(await router.greenShare(scope, io)).toBe(100);
});

test('a share that somebody removed serves nobody, is not taken for another, and can be given again', async () => {
  const map = `${world.directory}/maps/fx.production.map`;
  const runtime = new HaproxyRuntime(world.target.host, `${world.directory}/master.sock`);
  await runtime.askAll(`del map ${map} green`, io);
  expect((await ask(api)).status).toBe(503);
  await expect(router.greenShare(scope, io)).rejects.toThrow(RouterFailure);
  await router.setGreenShare(scope, 0, io);
  expect((await ask(api)).body).toBe('api-blue');
});

test('a share that is not whole per cent is refused', async () => {
  await expect(router.setGreenShare(scope, 12.5, io)).rejects.toThrow(ConfigurationFailure);
});

test('the router says its version, and which ports another program has', async () => {
  const taken = routingOf(
    { app: 'other', environment: 'production' },
    { x: { route: ports['api-blue']!, blue: [], green: [] } },
  );
  expect(await router.probe(taken, io)).toMatchObject({ running: true, portsTaken: [ports['api-blue']] });
  expect(await router.probe(routing, io)).toMatchObject({
    portsTaken: [],
    version: expect.stringMatching(/^\d+\.\d+/) as string,
  });
});
