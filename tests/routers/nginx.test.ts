import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { openNginx } from '../../routers/nginx';
import type { NginxConfig } from '../../routers/nginx-config';
import type { Router, Routing } from '../../routers/router';
import { ask, freePorts, io, RouterWorld, routingOf, until, untilUp } from '../support/router-world';

let world: RouterWorld;
let config: NginxConfig;
let router: Router;
let routing: Routing;
let api: number;
let web: number;
let spare: number;
const scope = { app: 'fx-shop', environment: 'production' };

beforeAll(async () => {
  world = await RouterWorld.open('nginx');
  const [a, b, c, ...rest] = await freePorts(7);
  [api, web, spare] = [a!, b!, c!];
  const [apiBlue, webBlue, apiGreen, webGreen] = rest as [number, number, number, number];
  await world.backends({ 'api-blue': apiBlue, 'web-blue': webBlue, 'api-green': apiGreen, 'web-green': webGreen });
  config = { kind: 'nginx', image: 'spillway/nginx:local', directory: world.directory };
  router = openNginx(config, world.target.host);
  routing = routingOf(scope, {
    api: { route: api, blue: [apiBlue], green: [apiGreen] },
    web: { route: web, blue: [webBlue], green: [webGreen] },
  });
  await router.configure(routing, io);
  await untilUp(router, routing, 'blue');
}, 60_000);

afterAll(() => world?.close());

test('says honestly what it cannot do', () => {
  expect(router.capabilities).toEqual({
    lossless: false,
    sessionsPerSlot: false,
    counters: false,
    affinity: true,
    mirror: true,
  });
});

test('a share of 0 or 100 sends every visitor of every service to one slot, and is read back', async () => {
  await router.setGreenShare(scope, 0, io);
  expect([(await ask(api)).body, (await ask(web)).body]).toEqual(['api-blue', 'web-blue']);
  await router.setGreenShare(scope, 100, io);
  expect([(await ask(api)).body, (await ask(web)).body]).toEqual(['api-green', 'web-green']);
  expect(await router.greenShare(scope, io)).toBe(100);
});

test('configuring again what is in force does not reload, and keeps the share', async () => {
  await router.setGreenShare(scope, 100, io);
  expect(await router.configure(routing, io)).toEqual({ reloaded: false });
  expect(await router.greenShare(scope, io)).toBe(100);
});

test('a visitor keeps the slot across services while the share stands, and a forged cookie is not believed', async () => {
  await router.setGreenShare(scope, 50, io);
  for (let visitor = 0; visitor < 10; visitor++) {
    const first = await ask(api);
    const cookie = first.cookie!.split(';')[0]!;
    const slot = first.body.replace('api-', '');
    expect((await ask(web, '/', { cookie })).body).toBe(`web-${slot}`);
    expect((await ask(api, '/', { cookie })).body).toBe(`api-${slot}`);
  }
  await router.setGreenShare(scope, 0, io);
  const name = 'spillway_fx_0shop__production';
  for (const forged of ['-1', 'green', '100']) {
    expect((await ask(api, '/', { cookie: `${name}=${forged}` })).body).toBe('api-blue');
  }
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

test('a WebSocket survives the switch in an old process, is seen by drain, and closed when asked', async () => {
  await router.setGreenShare(scope, 0, io);
  const socket = new WebSocket(`ws://127.0.0.1:${api}/ws`);
  await once(socket, 'open');
  await router.setGreenShare(scope, 100, io);
  await until(async () => (await router.sessions(scope, 'blue', io)) === 1);
  socket.send('still there');
  await once(socket, 'message');
  const closed = once(socket, 'close');
  await router.closeSessions(scope, 'blue', io);
  await closed;
  expect(await router.sessions(scope, 'blue', io)).toBe(0);
});

test('a configuration that nginx refuses leaves the old one in force', async () => {
  const broken = openNginx(
    { ...config, tls: { certificate: '/no/such.pem', key: '/no/such.key', ports: [spare] } },
    world.target.host,
  );
  const refused = routingOf({ app: 'other', environment: 'production' }, { x: { route: spare, blue: [], green: [] } });
  await expect(broken.configure(refused, io)).rejects.toThrow(/cannot load certificate/);
  expect((await ask(api)).status).toBe(200);
  expect(await router.greenShare({ app: 'other', environment: 'production' }, io)).toBeUndefined();
});

test('a second app shares the router, shows its own error page while no version answers, and goes without a trace', async () => {
  const page = `${world.directory}/sorry.html`;
  await writeFile(page, '<h1>Back soon</h1>');
  const other = { app: 'other', environment: 'production' };
  const second = openNginx({ ...config, errorPage: page }, world.target.host);
  await second.configure(routingOf(other, { x: { route: spare, blue: [], green: [] } }), io);
  expect(await ask(spare)).toMatchObject({ status: 502, body: '<h1>Back soon</h1>' });
  expect((await ask(api)).status).toBe(200);
  await second.remove(other, io);
  await until(() =>
    ask(spare).then(
      () => false,
      () => true,
    ),
  );
  expect(await world.target.host.listFiles(`${world.directory}/apps`, io)).toEqual(['fx-shop.production.json']);
});
