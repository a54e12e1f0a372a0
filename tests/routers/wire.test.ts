import type { Server } from 'node:http';
import type { Router, Routing } from '../../routers/router';
import { introduce, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';
import { held, lines, open, sent, wireVersion } from './wire-version';

/* What passes between clients and a version, whichever router stands between them. */

const scope = { app: 'fx', environment: 'production' };
const CLOSE = ['Host: shop.example.com', 'Connection: close'];
const get = (port: number, path: string, ...more: string[]) => sent(port, `GET ${path} HTTP/1.1`, ...CLOSE, ...more);
const rawHeaders = (answer: string) => JSON.parse(/\[.*\]/s.exec(answer)![0]) as string[];
const many = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: 1`);

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  let version: Server;
  let world: RouterWorld;
  let router: Router;
  let routing: Routing;
  let port: number;
  let impatient: number;

  beforeAll(async () => {
    world = await RouterWorld.open(`wire-${kind}`);
    const [a, b, blue] = (await freePorts(3)) as [number, number, number];
    [port, impatient] = [a, b];
    version = wireVersion().listen(blue, '127.0.0.1');
    router = world.router(kind);
    routing = routingOf(scope, {
      api: { route: port, blue: [blue], green: [] },
      hasty: { route: impatient, blue: [blue], green: [] },
    });
    routing.services[1]!.silence = 1_000;
    await introduce(router, routing);
  }, 300_000);

  afterAll(async () => {
    version?.closeAllConnections();
    version?.close();
    await world?.close();
  });

  test.each([
    ['60 KB in one header', [`Cookie: ${'c'.repeat(60_000)}`]],
    ['60 KB in four headers', Array.from({ length: 4 }, (_, index) => `X-${index}: ${'c'.repeat(15_000)}`)],
    ['1,000 headers', many(997)],
  ])('a request with %s gets through [proves 10]', async (_, headers) => {
    const seen = rawHeaders(await get(port, '/head', ...headers));
    for (const one of headers) {
      const [name, value] = one.split(': ') as [string, string];
      expect(seen[seen.findIndex((text) => text.toLowerCase() === name.toLowerCase()) + 1]).toBe(value);
    }
  });

  test('so does one with a path of 30 KB [proves 10]', async () => {
    expect((await get(port, `/url?${'q'.repeat(30_000)}`)).endsWith('q'.repeat(30_000))).toBe(true);
  });

  test('a head beyond the limit is refused with an answer that says so [proves 10]', async () => {
    const answer = await get(
      port,
      '/head',
      ...Array.from({ length: 30 }, (_, index) => `X-${index}: ${'c'.repeat(15_000)}`),
    );
    expect(answer).toMatch(/^HTTP\/1.[01] 4(00|14|31) /);
  });

  test.each(['X_Trace_Id', 'X.Dotted', 'x-LOUD-And-quiet'])(
    'the header %s reaches the version [proves 10]',
    async (name) => {
      const seen = rawHeaders(await get(port, '/head', `${name}: kept`));
      expect(seen[seen.findIndex((text) => text.toLowerCase() === name.toLowerCase()) + 1]).toBe('kept');
    },
  );

  test.each(['/answer-head?bytes=4200', '/answer-head?bytes=60000', '/answer-headers'])(
    'the answer of %s gets through [proves 10]',
    async (path) => {
      expect(await get(port, path)).toMatch(/^HTTP\/1.1 200[^]*ok/);
    },
  );

  test('the first event of a stream arrives before the second is sent [proves 10]', async () => {
    const { socket, text } = await open(port);
    socket.write(lines('GET /stream HTTP/1.1', ...CLOSE, 'Accept: text/event-stream'));
    await until(() => text().includes('data: first'));
    held.pop()!.end('data: second\n\n');
    await until(() => text().includes('data: second'));
    socket.destroy();
  });

  test('the first part of an upload arrives before the last is sent, and 200 MB get through [proves 10]', async () => {
    const part = Buffer.alloc(1_000_000);
    const { socket, text } = await open(port);
    socket.write(lines('POST /upload HTTP/1.1', ...CLOSE, 'Content-Length: 200000000'));
    socket.write(part);
    await until(() => held.length > 0);
    held.pop();
    for (let index = 1; index < 200; index++)
      if (!socket.write(part)) await new Promise((resolve) => socket.once('drain', resolve));
    await until(() => text().includes('200000000'));
    socket.destroy();
  });

  test('who says nothing for longer than the service allows is answered 504 [proves timeouts]', async () => {
    expect(await get(impatient, '/silent')).toMatch(/^HTTP\/1.[01] 504 /);
    expect(await sent(impatient, 'POST /silent HTTP/1.1', ...CLOSE, 'Content-Length: 0')).toMatch(/^HTTP\/1.[01] 504 /);
  });

  test('a stream that pauses for less, and one of another service on its own terms, get through [proves timeouts]', async () => {
    expect(await get(impatient, '/pause?ms=300')).toContain(' ended');
    expect(await get(port, '/pause?ms=2500')).toContain(' ended');
  });

  test.each([
    // nginx before 1.29 takes it for the answer itself.
    ...(kind === 'haproxy'
      ? [['103 before an answer', '/hints', /^HTTP\/1.1 103 [^]*HTTP\/1.1 200[^]*hinted/] as const]
      : []),
    ['204', '/204', /^HTTP\/1.1 204 /] as const,
    ['304', '/304', /^HTTP\/1.1 304 [^]*etag/i],
    ['an answer that ends with its connection', '/until-closed', /^HTTP\/1.1 200[^]*all of it/],
    ['a path with what must not be decoded', '/a%2Fb/%20c?d=%26', /\/a%2Fb\/%20c\?d=%26/],
  ] as const)('%s comes as the version sent it', async (_, path, expected) => {
    expect(await get(port, path)).toMatch(expected);
  });

  test('the answer to HEAD has a length and no body', async () => {
    const answer = await sent(port, 'HEAD /length HTTP/1.1', ...CLOSE);
    expect(answer).toMatch(/^HTTP\/1.1 200[^]*content-length: 5[^]*\r\n\r\n$/i);
  });

  test('a client that waits for 100 is told to go on', async () => {
    const { socket, text } = await open(port);
    socket.write(lines('POST /upload HTTP/1.1', ...CLOSE, 'Content-Length: 3', 'Expect: 100-continue'));
    await until(() => text().includes('100 Continue'));
    socket.write('abc');
    await until(() => text().includes('HTTP/1.1 200'));
    held.pop();
    socket.destroy();
  });

  test('a client of HTTP/1.0 is answered, and its connection closed', async () => {
    expect(await sent(port, 'GET /length HTTP/1.0', 'Host: shop.example.com')).toMatch(/^HTTP\/1.[01] 200[^]*hello/);
  });

  test('a WebSocket opens with the path as it was sent, and echoes', async () => {
    const { socket, text } = await open(impatient);
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', key];
    socket.write(lines('GET /ws%2F1?a=b HTTP/1.1', 'Host: shop.example.com', ...upgrade));
    await until(() => text().includes('\r\n\r\n'));
    expect(text()).toMatch(/^HTTP\/1.1 101 [^]*x-url: \/ws%2F1\?a=b/i);
    // It stays open for longer than an answer of this service may take.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    socket.write('hello');
    await until(() => text().endsWith('hello'));
    socket.destroy();
  });

  test('a client that offers to change to h2c goes on with HTTP/1.1', async () => {
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const { socket, text } = await open(port);
    socket.write(lines('GET /length HTTP/1.1', 'Host: shop.example.com', ...offer));
    await until(() => text().includes('hello'));
    expect(text()).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
  });

  test('a version that hangs up at once is answered for with 502', async () => {
    expect(await sent(port, 'POST /cut HTTP/1.1', ...CLOSE, 'Content-Length: 0')).toMatch(/^HTTP\/1.[01] 502 /);
  });
});
