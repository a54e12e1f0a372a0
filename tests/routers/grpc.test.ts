import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { constants, type ClientHttp2Session, type Http2Server } from 'node:http2';
import { promisify } from 'node:util';
import type { HttpCheck } from '../../domain/config';
import { httpCheck } from '../../domain/config/check';
import { judgeAnswer, readyCheck } from '../../domain/health';
import type { Router, Routing } from '../../routers/router';
import { certificateIn } from '../support/certificate';
import { ask, introduce, io, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';
import { call, ended, dial, framed, grpcVersion } from './grpc-version';

/* Versions that speak HTTP/2 without TLS, as gRPC servers do. */

const scope = { app: 'fx', environment: 'production' };
const run = promisify(execFile);

describe.each([
  ['haproxy', 'in plain text'],
  ['haproxy', 'over TLS'],
  ['nginx', 'over TLS'],
] as const)('%s %s', (kind, how) => {
  const secure = how === 'over TLS';
  let version: Http2Server;
  let world: RouterWorld;
  let router: Router;
  let routing: Routing;
  let port: number;
  let hasty: number;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    world = await RouterWorld.open(`grpc-${kind}`);
    const [a, b, blue] = (await freePorts(3)) as [number, number, number];
    [port, hasty] = [a, b];
    version = grpcVersion().listen(blue, '127.0.0.1');
    const { certificates, ...pair } = await certificateIn(world.directory);
    const ports = [port, hasty];
    // nginx has places of their own for those who are trusted.
    if (kind === 'nginx') router = world.nginx({ tls: { ...pair, ports }, trustedProxies: ['loopback'] });
    else router = world.haproxy(secure ? { tls: { certificates, ports } } : {});
    routing = routingOf(scope, {
      rates: { route: port, blue: [blue], green: [] },
      hasty: { route: hasty, blue: [blue], green: [] },
    });
    for (const service of routing.services) service.protocol = 'h2c';
    routing.services[1]!.silence = 1_000;
    await introduce(router, routing);
    session = dial(port, secure);
    await once(session, 'connect');
  }, 300_000);

  afterAll(async () => {
    session?.destroy();
    version?.close();
    await world?.close();
  });

  test('a call is answered with its trailers [proves grpc]', async () => {
    const { head, trailers, text } = await call(session, '/fx.Rates/Chat');
    expect([head[':status'], head['content-type'], text]).toEqual([
      200,
      'application/grpc',
      framed('ask').toString('latin1'),
    ]);
    expect(trailers).toMatchObject({ 'grpc-status': '0', 'x-sum': '42' });
  });

  test('messages go both ways while both sides are open [proves grpc]', async () => {
    const stream = session.request({ ':method': 'POST', ':path': '/fx.Rates/Chat', te: 'trailers' });
    let seen = '';
    stream.on('data', (data: Buffer) => (seen += data.toString('latin1')));
    for (const message of ['one', 'two', 'three']) {
      stream.write(framed(message));
      await until(() => seen.endsWith(message));
    }
    stream.end();
    const [trailers] = (await once(stream, 'trailers')) as [object];
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
  });

  test('a call that its client breaks off ends at the version [proves grpc]', async () => {
    ended.splice(0);
    const stream = session.request({ ':method': 'POST', ':path': '/fx.Rates/Chat', te: 'trailers' });
    stream.on('error', () => undefined).write(framed('x'));
    await once(stream, 'data');
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => ended.length > 0);
  });

  test('errors of gRPC come as they are, whether with the head or after a message [proves grpc]', async () => {
    expect((await call(session, '/fx.Rates/Broken')).head).toMatchObject({
      ':status': 200,
      'grpc-status': '13',
      'grpc-message': 'no%20rates',
    });
    expect((await call(session, '/fx.Rates/Late')).trailers).toMatchObject({ 'grpc-status': '14' });
  });

  if (kind === 'haproxy')
    test('errors of gRPC without any message count, and what the client did wrong does not [proves grpc]', async () => {
      const counted = async () => (await router.counters(scope, io)).slots.blue['rates']!;
      const more = async (path: string) => {
        const before = await counted();
        await call(session, path);
        const after = await until(counted, { is: ({ requests }) => requests > before.requests });
        return { requests: after.requests - before.requests, errors: after.errors - before.errors };
      };
      expect(await more('/fx.Rates/Broken')).toEqual({ requests: 1, errors: 1 });
      expect(await more('/fx.Rates/Refused')).toEqual({ requests: 1, errors: 0 });
      expect(await more('/fx.Rates/Chat')).toEqual({ requests: 1, errors: 0 });
      expect(await more('/fx.Rates/Late')).toEqual({ requests: 1, errors: 0 });
    });

  test('100 calls at once over one connection are answered', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(session, '/fx.Rates/Chat')));
    expect(answers.every(({ trailers }) => trailers['grpc-status'] === '0')).toBe(true);
  });

  test('metadata of 60 KB and names with an underscore get through', async () => {
    const { text } = await call(session, '/fx.Rates/Head', { 'x-large': 'm'.repeat(60_000), x_under: 'kept' });
    expect(JSON.parse(text.slice(5))).toMatchObject({ 'x-large': 'm'.repeat(60_000), x_under: 'kept', te: 'trailers' });
  });

  test('a call on which the version says nothing ends when the service allows no more [proves timeouts]', async () => {
    const other = dial(hasty, secure);
    expect((await call(other, '/fx.Rates/Silent')).head[':status']).toBe(504);
    other.destroy();
  });

  test('a client of HTTP/1.1 is answered too', async () => {
    if (secure) {
      const { stdout } = await run('curl', ['-sk', '--http1.1', `https://127.0.0.1:${port}/page`]);
      expect(stdout).toMatch(/^GET \/page /);
    } else expect((await ask(port, '/page')).body).toMatch(/^GET \/page /);
  });

  const asked = async (check: Partial<HttpCheck>, through: 'router' | 'version') => {
    const ready = await readyCheck(httpCheck.parse(check), () => Promise.resolve(''));
    const endpoint = through === 'router' ? router.entry(port) : routing.services[0]!.slots.blue[0]!;
    const at = { endpoint, protocol: 'h2c' as const, tls: through === 'router' && secure };
    return judgeAnswer(ready, await world.target.replicas.ask(at, ready, io), (text) => text);
  };

  test.each(['version', 'router'] as const)(
    'checks of the health of gRPC, and of a path, ask the %s [proves grpc]',
    async (through) => {
      expect(await asked({ grpc: '' }, through)).toMatchObject({
        ok: true,
        detail: expect.stringMatching(/^SERVING in/),
      });
      expect(await asked({ path: '/page' }, through)).toMatchObject({ ok: true });
      expect(await asked({ path: '/page', contains: 'nothing' }, through)).toMatchObject({ ok: false });
    },
  );
});

test('an nginx that cannot serve them without TLS says so in preflight, and is not told of them [proves grpc]', async () => {
  const world = await RouterWorld.open('grpc-old');
  try {
    const [port, blue] = (await freePorts(2)) as [number, number];
    await world.backends({ blue });
    const router = world.nginx();
    const routing = routingOf(scope, { rates: { route: port, blue: [blue], green: [] } });
    await introduce(router, routing);
    routing.services[0]!.protocol = 'h2c';
    const said = `expected nginx 1.25.1 or later for \`services.rates.protocol: h2c\` on port ${port} without TLS, seen 1.22.1`;
    expect((await router.probe(routing, io)).refusal).toContain(said);
    await expect(router.configure(routing, io)).rejects.toThrow(said);
    expect((await ask(port)).body).toBe('blue');
  } finally {
    await world.close();
  }
}, 300_000);
