import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Router, Routing } from '../../../routers/router';
import { io, type RouterWorld } from '../../support/router-world';
import { openBefore, scope } from './own-version';

/* Connections that are kept open: by clients, and by HAProxy to the versions. */

let world: RouterWorld;
let router: Router;
let routing: Routing;
let port: number;
let close: (() => Promise<void>) | undefined;
/** Requests as the version got them. */
const got: string[] = [];

/** Ends each kept connection as the second request arrives, as one whose time-out is over in that very moment does. */
function impatient(): Server {
  const used = new WeakSet();
  return createServer((request, response) => {
    got.push(`${request.method} ${request.url}`);
    if (used.has(request.socket) || request.url === '/die') return void request.socket.destroy();
    used.add(request.socket);
    request.resume().on('end', () => response.end('blue'));
  });
}

/** A client that keeps its connection; answers come in the order of the requests, or `closed`. */
function client() {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let text = '';
  let settle: (answer: string) => void = () => undefined;
  socket.on('data', (data) => {
    text += data.toString();
    if (/^HTTP\/1.1 \d+ [^]*\r\n\r\n[^]+/.test(text)) settle(text);
  });
  socket.on('error', () => undefined).on('close', () => settle('closed'));
  return {
    socket,
    send: (method = 'GET', path = '/') =>
      new Promise<string>((resolve) => {
        text = '';
        settle = resolve;
        if (socket.closed) return resolve('closed');
        socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
      }),
  };
}

beforeAll(async () => {
  ({ world, router, routing, port, close } = await openBefore(impatient(), 'haproxy-kept'));
}, 300_000);

afterAll(() => close?.());

beforeEach(() => got.splice(0));

/** Makes the configuration differ, and so HAProxy reload. */
async function reload(path: string): Promise<void> {
  const services = routing.services.map((service) => ({ ...service, routes: [{ port }, { port, path }] }));
  routing = { ...routing, services };
  expect(await router.configure(routing, io)).toEqual({ reloaded: true });
}

test('no request is lost to a version that ends kept connections just as they are used', async () => {
  const { socket, send } = client();
  for (let index = 0; index < 20; index++) expect(await send()).toMatch(/^HTTP\/1.1 200/);
  socket.destroy();
});

test('a request that changes something reaches the version once, and is not lost either', async () => {
  const { socket, send } = client();
  for (let index = 0; index < 20; index++) {
    expect(await send()).toMatch(/^HTTP\/1.1 200/);
    expect(await send('POST', `/${index}`)).toMatch(/^HTTP\/1.1 200/);
  }
  const posts = got.filter((one) => one.startsWith('POST'));
  expect(posts).toEqual(Array.from({ length: 20 }, (_, index) => `POST /${index}`));
  socket.destroy();
});

test('a request that was answered only when it was sent again counts as an error', async () => {
  const counted = async () => (await router.counters(scope, io)).slots.blue['api']!;
  const before = await counted();
  const { socket, send } = client();
  for (let index = 0; index < 10; index++) expect(await send()).toMatch(/^HTTP\/1.1 200/);
  const after = await counted();
  expect(after.requests - before.requests).toBe(10);
  // All but the first, which had no kept connection to use.
  expect(after.errors - before.errors).toBe(9);
  expect(got.length).toBeGreaterThanOrEqual(19);
  socket.destroy();
});

test('a request that a version left unanswered counts as an error, on a kept connection of a client too', async () => {
  const counted = async () => (await router.counters(scope, io)).slots.blue['api']!;
  const before = await counted();
  for (const method of ['GET', 'POST', 'PUT']) {
    const { socket, send } = client();
    expect(await send('POST')).toMatch(/^HTTP\/1.1 200/);
    // HAProxy 2.6 closes the connection, 3.0 answers 502.
    expect(await send(method, '/die')).toMatch(/^closed$|^HTTP\/1.1 502/);
    socket.destroy();
  }
  const after = await counted();
  expect([after.requests - before.requests, after.errors - before.errors]).toEqual([6, 3]);
  expect(got.filter((one) => one === 'POST /die')).toHaveLength(1);
});

test('clients are told to leave unused connections sooner than HAProxy closes them', async () => {
  const { socket, send } = client();
  expect(await send()).toMatch(/^keep-alive: timeout=60\r$/im);
  const { stdout } = await world.target.host.run(['cat', `${world.directory}/conf.d/00-spillway.cfg`], io);
  expect(stdout).toContain('timeout http-keep-alive 75s');
  socket.destroy();
});

test('a connection that idles over reloads is answered once more, however long it idles, and told to close', async () => {
  const clients = Array.from({ length: 60 }, client);
  for (const { send } of clients) expect(await send()).toMatch(/^HTTP\/1.1 200/);
  await reload('/a');
  await reload('/b');
  const answers = clients.map(async ({ socket, send }, index) => {
    await sleep([0, 100, 1_000, 5_000, 9_900, 10_000, 10_100, 11_000][index % 8]);
    const closed = once(socket, 'close');
    const answer = await send();
    await closed;
    return answer;
  });
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 200[^]*connection: close/i);
}, 300_000);
