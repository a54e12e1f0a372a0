import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Router } from '../../routers/router';
import { io, isAnswered, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';
import { FORWARDED } from './forwarded';

/** A version that says which headers it got. */
async function mirror(): Promise<Server> {
  const server = createServer(({ rawHeaders }, response) => response.end(JSON.stringify(rawHeaders)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

/** Over a socket, because clients tidy their headers. */
async function seenBy(port: number, from: string, sent: string[], path = '/') {
  const socket = connect({ port, host: from === '::1' ? '::1' : '127.0.0.1', localAddress: from });
  const host = sent.some((line) => line.startsWith('Host:')) ? [] : ['Host: shop.example.com'];
  socket.write(`${[`GET ${path} HTTP/1.1`, ...host, ...sent, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const [head = '', body = ''] = (await text(socket)).split(/\r\n\r\n/);
  const raw = JSON.parse(/\[.*\]/s.exec(body)?.[0] ?? '[]') as string[];
  const seen: Record<string, string> = {};
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    seen[name] = name in seen ? `${seen[name]} and again ${raw[index + 1]}` : raw[index + 1]!;
  }
  return { head, seen };
}

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  let world: RouterWorld;
  let version: Server;
  let port: number;
  const trusting = { app: 'fx-trusting', environment: 'production' };
  const other = { app: 'fx-other', environment: 'production' };
  const open = (proxies: string[]): Router =>
    kind === 'haproxy' ? world.haproxy({ trustedProxies: proxies }) : world.nginx({ trustedProxies: proxies });
  const configure = async (scope: typeof other, proxies: string[], path: string) => {
    const backend = (version.address() as AddressInfo).port;
    const routing = routingOf(scope, { web: { route: port, blue: [backend], green: [backend] } });
    routing.services[0]!.routes[0]!.path = path;
    await open(proxies).configure(routing, io);
  };

  beforeAll(async () => {
    world = await RouterWorld.open(`forwarded-${kind}`);
    version = await mirror();
    [port] = (await freePorts(1)) as [number];
    await configure(trusting, ['127.0.0.1', '::1/128'], '/');
    await configure(other, [], '/other');
    await until(() => isAnswered(port));
  }, 300_000);
  afterAll(async () => {
    version?.close();
    await world?.close();
  });

  test.each(FORWARDED)('$name [proves 8]', async ({ from, sent, seen, onNginx }) => {
    const answer = await seenBy(port, from, sent);
    expect(answer.head).toMatch(/^HTTP\/1.1 200 /);
    expect(Object.fromEntries(Object.keys(seen).map((name) => [name, answer.seen[name]]))).toEqual({
      ...seen,
      ...(kind === 'nginx' && onNginx),
    });
  });

  test('an app that trusts nobody is told the truth on a port where another one trusts a proxy [proves 8]', async () => {
    const { seen } = await seenBy(
      port,
      '127.0.0.1',
      ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: https'],
      '/other',
    );
    expect(seen).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
  });

  test('as many proxies may be trusted as a large network of them has [proves 8]', async () => {
    const large = { app: 'fx-large', environment: 'production' };
    const ranges = Array.from({ length: 200 }, (_, index) => `10.${index}.0.0/16`);
    await configure(large, [...ranges, '127.0.0.1'], '/large');
    const { seen } = await seenBy(port, '127.0.0.1', ['X-Forwarded-For: 192.0.2.7'], '/large');
    expect(seen['x-forwarded-for']).toBe('192.0.2.7, 127.0.0.1');
  });

  test('the cookie of a visitor is for TLS only where the visitor speaks it, to the router or to a trusted proxy [proves 8]', async () => {
    await open(['127.0.0.1']).setGreenShare(trusting, 50, io);
    const said = ['X-Forwarded-Proto: https'];
    expect((await seenBy(port, '127.0.0.1', said)).head).toMatch(/set-cookie: spillway[^\r]*; Secure/i);
    expect((await seenBy(port, '127.0.0.1', [])).head).toMatch(/set-cookie: spillway[^\r]*SameSite=Lax(\r|$)/i);
    expect((await seenBy(port, '127.0.0.2', said)).head).toMatch(/set-cookie: spillway[^\r]*SameSite=Lax(\r|$)/i);
  });
});
