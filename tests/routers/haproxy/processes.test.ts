import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { Runtime } from '../../../routers/haproxy/runtime';
import type { Router, Routing } from '../../../routers/router';
import { startPressure } from '../../support/pressure';
import { ask, introduce, io, RouterWorld, routingOf, untilUp } from '../../support/router-world';
import { until } from '../../support/until';
import { freePorts } from '../../support/free-port';

let world: RouterWorld;
let router: Router;
let routing: Routing;
let port: number;
let blue: number;
let green: number;
let green2: number;
const scope = { app: 'fx', environment: 'production' };

beforeAll(async () => {
  world = await RouterWorld.open('haproxy');
  [port, blue, green, green2] = (await freePorts(4)) as [number, number, number, number];
  await world.backends({ blue, green });
  router = world.haproxy();
  routing = routingOf(scope, { api: { route: port, blue: [blue], green: [green] } });
  await introduce(router, routing);
}, 300_000);

afterAll(() => world?.close());

beforeEach(() => router.setGreenShare(scope, 0, io));

/** Makes the configuration differ, and so HAProxy reload. */
async function reload(): Promise<void> {
  const services = routing.services.map((service) => ({
    ...service,
    routes: service.routes.length > 1 ? service.routes.slice(0, 1) : [...service.routes, { port, path: '/more' }],
  }));
  routing = { ...routing, services };
  expect(await router.configure(routing, io)).toEqual({ reloaded: true });
}

test('30 switches at full speed lose no request', async () => {
  const pressure = await startPressure({ port, connections: 16 });
  for (let index = 1; index <= 30; index++) await router.setGreenShare(scope, index % 2 === 0 ? 0 : 100, io);
  expect(await pressure.stop()).toMatchObject({ lost: 0, losses: [] });
}, 300_000);

test('reloads at full speed lose no request', async () => {
  const pressure = await startPressure({ port, connections: 16 });
  for (let index = 0; index < 5; index++) await reload();
  const { requests, lost, losses } = await pressure.stop();
  expect({ lost, losses }).toEqual({ lost: 0, losses: [] });
  expect(requests).toBeGreaterThan(0);
}, 300_000);

test('a WebSocket survives reload and switch, is counted by drain in the old process, and closed only when asked', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  expect(await router.sessions!.count(scope, 'blue', io)).toBe(1);
  await reload();
  await router.setGreenShare(scope, 100, io);
  await until(async () => (await router.sessions!.count(scope, 'blue', io)) === 1);
  socket.send('still there');
  await once(socket, 'message');
  expect(await router.sessions!.count(scope, 'green', io)).toBe(0);
  const closed = once(socket, 'close');
  await router.sessions!.close(scope, 'blue', io);
  await closed;
  expect(await router.sessions!.count(scope, 'blue', io)).toBe(0);
}, 300_000);

test('a share is set and read back in processes from before a reload too', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  await reload();
  await router.setGreenShare(scope, 40, io);
  expect(await router.greenShare(scope, io)).toBe(40);
  const map = `${world.directory}/maps/fx.production.map`;
  const runtime = new Runtime(world.target.host, `${world.directory}/master.sock`);
  const seen = await runtime.askAll(`show map ${map}`, io);
  expect(seen.map(({ process }) => process.leaving)).toContain(true);
  for (const { answer } of seen) expect(answer).toContain('green 40');
  socket.terminate();
});

test('a server that came by a reload is used by those who kept their connection from before it', async () => {
  await router.setGreenShare(scope, 100, io);
  const pressure = await startPressure({ port, connections: 4, pauseMs: 50 });
  await world.backends({ 'green-2': green2 });
  routing = routingOf(scope, { api: { route: port, blue: [blue], green: [green, green2] } });
  await router.configure(routing, io);
  await untilUp(router, routing, 'green');
  await router.setGreenShare(scope, 0, io);
  await router.setGreenShare(scope, 100, io);
  expect(await pressure.stop()).toMatchObject({ lost: 0 });
}, 300_000);

test('drain waits for clients that may send one more request to a process which knows no other slot, and that one is answered', async () => {
  routing = routingOf(scope, { api: { route: port, blue: [blue], green: [] } });
  await router.configure(routing, io);
  await untilUp(router, routing, 'blue');
  const client = connect(port, '127.0.0.1');
  const answers: string[] = [];
  client.on('data', (data) => answers.push(data.toString()));
  const send = () => client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  send();
  await until(() => answers.join('').endsWith('blue'));
  routing = routingOf(scope, { api: { route: port, blue: [blue], green: [green] } });
  await router.configure(routing, io);
  expect(await router.sessions!.count(scope, 'blue', io)).toBe(1);
  const closed = once(client, 'close');
  send();
  await closed;
  expect(answers.join('')).toMatch(/^HTTP\/1.1 200[^]*HTTP\/1.1 200/);
  await until(async () => (await router.sessions!.count(scope, 'blue', io)) === 0);
}, 300_000);

test('drain does not wait for idle clients of a process that can send them to the other slot', async () => {
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(client, 'data');
  await reload();
  expect(await router.sessions!.count(scope, 'blue', io)).toBe(0);
  await router.setGreenShare(scope, 100, io);
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(client, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200[^]*green$/);
  client.destroy();
}, 300_000);

test('one dead replica of several is left out, and none of the requests is lost', async () => {
  const [third] = (await freePorts(1)) as [number];
  const container = await world.backends({ 'green-3': third });
  routing = routingOf(scope, { api: { route: port, blue: [blue], green: [green, third] } });
  await router.configure(routing, io);
  await until(async () => (await router.groupIsUp(routing, 'green', io)).detail === 'api: 2 of 2 up');
  await router.setGreenShare(scope, 100, io);
  await world.docker('stop', '-t', '0', container);
  for (let index = 0; index < 50; index++) expect((await ask(port)).body).toBe('green');
  await until(async () => (await router.groupIsUp(routing, 'green', io)).detail.startsWith('api: 1 of 2 up'));
  expect((await router.groupIsUp(routing, 'green', io)).up).toBe(true);
}, 300_000);

test('requests, errors and latency are counted by slot; a restart shows as another process', async () => {
  routing = routingOf(scope, { api: { route: port, blue: [blue], green: [green] } });
  await router.configure(routing, io);
  await untilUp(router, routing, 'green');
  await router.setGreenShare(scope, 100, io);
  const before = await router.counters(scope, io);
  await Promise.all([
    ...Array.from({ length: 10 }, () => ask(port)),
    ...Array.from({ length: 5 }, () => ask(port, '/?ms=1600')),
    ...Array.from({ length: 3 }, () => ask(port, '/fail')),
    ask(port, '/cut').catch(() => undefined),
  ]);
  // One that ended is neither a request nor an error.
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  socket.terminate();
  await until(async () => (await router.sessions!.count(scope, 'green', io)) === 0);
  const after = await router.counters(scope, io);
  expect(after.process).toBe(before.process);
  const counted = (of: typeof after, slot: 'blue' | 'green') => of.slots[slot]['api']!;
  expect(counted(after, 'green').requests - counted(before, 'green').requests).toBe(19);
  expect(counted(after, 'green').errors - counted(before, 'green').errors).toBe(4);
  expect(counted(after, 'blue')).toEqual(counted(before, 'blue'));
  const slower = (of: typeof after) =>
    counted(of, 'green').latency.reduce((sum, { upTo, count }) => sum + ((upTo ?? Infinity) > 1_500 ? count : 0), 0);
  expect(slower(after) - slower(before)).toBe(5);
  await reload();
  expect((await router.counters(scope, io)).process).not.toBe(before.process);
});
