import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Router } from '../../../routers/router';
import { ask, introduce, io, RouterWorld, routingOf } from '../../support/router-world';
import { until } from '../../support/until';
import { freePorts } from '../../support/free-port';

/* What nginx alone does; routers.test.ts has what it shares with HAProxy. */

let world: RouterWorld;
let router: Router;
let api: number;
let spare: number;
const scope = { app: 'fx-shop', environment: 'production' };

beforeAll(async () => {
  world = await RouterWorld.open('nginx');
  const [a, b, blue, green] = (await freePorts(4)) as [number, number, number, number];
  [api, spare] = [a, b];
  await world.backends({ 'api-blue': blue, 'api-green': green });
  router = world.nginx();
  await introduce(router, routingOf(scope, { api: { route: api, blue: [blue], green: [green] } }));
}, 300_000);

afterAll(() => world?.close());

test('says honestly what it cannot do', () => {
  expect(router.capabilities).toEqual({
    lossless: false,
    sessions: 'together',
    counters: false,
    affinity: true,
    mirror: true,
    baseline: false,
    h2c: true,
    shares: 'any',
  });
});

test('a WebSocket survives the switch in an old process, is seen by drain, and closed when asked', async () => {
  await router.setGreenShare(scope, 0, io);
  const socket = new WebSocket(`ws://127.0.0.1:${api}/ws`);
  await once(socket, 'open');
  await router.setGreenShare(scope, 100, io);
  await until(async () => (await router.sessions!.count(scope, 'blue', io)) === 1);
  socket.send('still there');
  await once(socket, 'message');
  const closed = once(socket, 'close');
  await router.sessions!.close(scope, 'blue', io);
  await closed;
  expect(await router.sessions!.count(scope, 'blue', io)).toBe(0);
});

test('a configuration that nginx refuses leaves the old one in force', async () => {
  const broken = world.nginx({ tls: { certificate: '/no/such.pem', key: '/no/such.key', ports: [spare] } });
  const refused = routingOf({ app: 'other', environment: 'production' }, { x: { route: spare, blue: [], green: [] } });
  await expect(broken.configure(refused, io)).rejects.toThrow(/cannot load certificate/);
  expect((await ask(api)).status).toBe(200);
  expect(await router.greenShare({ app: 'other', environment: 'production' }, io)).toBeUndefined();
});

test('a second app shares the router, and shows its own error page while no version answers', async () => {
  const page = `${world.directory}/sorry.html`;
  await writeFile(page, '<h1>Back soon</h1>');
  const other = { app: 'other', environment: 'production' };
  const second = world.nginx({ errorPage: page });
  await second.configure(routingOf(other, { x: { route: spare, blue: [], green: [] } }), io);
  expect(await ask(spare)).toMatchObject({ status: 502, body: '<h1>Back soon</h1>' });
  expect((await ask(api)).status).toBe(200);
});
