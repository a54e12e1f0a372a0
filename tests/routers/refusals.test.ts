import { createServer } from 'node:net';
import { once } from 'node:events';
import { NON_RETRYABLE } from '../../domain/failures';
import { introduce, io, RouterWorld, routingOf } from '../support/router-world';
import { freePorts } from '../support/free-port';

/* What cannot get better by itself is not tried again. */

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  let world: RouterWorld;
  let [port, backend]: number[] = [];
  const shop = { app: 'fx-shop', environment: 'production' };
  const blog = { app: 'fx-blog', environment: 'production' };
  const on = (route: number, scope = blog) => routingOf(scope, { web: { route, blue: [backend!], green: [] } });
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: Error) => error,
    );

  beforeAll(async () => {
    world = await RouterWorld.open(`refusals-${kind}`);
    [port, backend] = await freePorts(2);
    await world.backends({ blue: backend! });
    await introduce(world.router(kind), on(port!, shop));
  }, 300_000);
  afterAll(() => world?.close());

  const withTls = (ports: number[], certificate = `${world.directory}/nothing`) =>
    kind === 'haproxy'
      ? world.haproxy({ tls: { certificates: certificate, ports } })
      : world.nginx({ tls: { certificate, key: certificate, ports } });

  test.each([
    ['a route that another app has', () => world.router(kind).configure(on(port!), io), /claimed by .*fx-blog/],
    ['TLS on a port where another app speaks none', () => withTls([port!]).configure(on(port!), io), /claimed|TLS/],
    [
      'certificates that are not there',
      async () => {
        const [speaksTls] = (await freePorts(1)) as [number];
        await withTls([speaksTls]).configure(on(speaksTls), io);
      },
      /nothing/,
    ],
    [
      'an error page that is not there',
      async () =>
        (kind === 'haproxy'
          ? world.haproxy({ errorPage: '/none.html' })
          : world.nginx({ errorPage: '/none.html' })
        ).configure(on((await freePorts(1))[0]!), io),
      /expected the error page .*none\.html/,
    ],
  ])('%s ends the step at once [proves 5]', async (_, configure, words) => {
    const failure = await failureOf(configure());
    expect(NON_RETRYABLE).toContain(failure?.name);
    expect(failure?.message).toMatch(words);
  });

  test('a port that another program has on one address only is seen, and ends the step at once [proves 5]', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.9'), 'listening');
    const { port: taken } = other.address() as { port: number };
    try {
      expect((await world.router(kind).probe(on(taken), io)).portsTaken).toEqual([taken]);
      const failure = await failureOf(world.router(kind).configure(on(taken), io));
      expect(NON_RETRYABLE).toContain(failure?.name);
      expect(failure?.message).toContain(`expected port ${taken} of the routes to be free`);
    } finally {
      other.close();
    }
  });
});
