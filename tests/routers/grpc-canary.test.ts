import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import type { Slot } from '../../domain/release';
import { introduce, io, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';
import { call, dial, framed, grpcVersion } from './grpc-version';

const scope = { app: 'fx', environment: 'production' };
const CALLS = 200;

test('calls follow the share through a canary, none is lost, and a stream stays with the version that has it [proves grpc]', async () => {
  const world = await RouterWorld.open('grpc-canary');
  const [port, blue, green] = (await freePorts(3)) as [number, number, number];
  const asked: Record<Slot, number> = { blue: 0, green: 0 };
  const version = (slot: Slot, at: number) =>
    grpcVersion()
      .on('stream', () => asked[slot]++)
      .listen(at, '127.0.0.1');
  const versions = [version('blue', blue), version('green', green)];
  let client: ClientHttp2Session | undefined;
  try {
    const router = world.haproxy();
    const routing = routingOf(scope, { rates: { route: port, blue: [blue], green: [green] } });
    routing.services[0]!.protocol = 'h2c';
    await introduce(router, routing);
    const session = dial(port, false);
    client = session;
    const stream = session.request({ ':method': 'POST', ':path': '/fx.Rates/Chat', te: 'trailers' });
    stream.write(framed('one'));
    await once(stream, 'data');
    const toGreen = async (share: number): Promise<number> => {
      await router.setGreenShare(scope, share, io);
      const before = asked.green;
      const calls = Array.from({ length: CALLS }, () => call(session, '/fx.Rates/Chat'));
      for (const { head, trailers } of await Promise.all(calls))
        expect([head[':status'], trailers['grpc-status']]).toEqual([200, '0']);
      return asked.green - before;
    };
    const counted = async () => (await router.counters(scope, io)).slots;
    const before = await counted();
    expect(await toGreen(0)).toBe(0);
    const seen = await toGreen(20);
    expect(seen).toBeGreaterThan(5);
    expect(seen).toBeLessThan(100);
    expect(await toGreen(100)).toBe(CALLS);
    const after = await counted();
    expect(after.green['rates']!.requests - before.green['rates']!.requests).toBe(CALLS + seen);
    expect(after.green['rates']!.errors + after.blue['rates']!.errors).toBe(0);

    expect(await router.sessions!.count(scope, 'blue', io)).toBe(1);
    stream.write(framed('two'));
    const [echoed] = (await once(stream, 'data')) as [Buffer];
    expect(echoed.toString('latin1')).toContain('two');
    stream.end();
    await until(async () => (await router.sessions!.count(scope, 'blue', io)) === 0);
  } finally {
    client?.destroy();
    for (const one of versions) one.close();
    await world.close();
  }
}, 300_000);
