import { rm } from 'node:fs/promises';
import type { Router, Routing } from '../../routers/router';
import { ask, introduce, io, isAnswered, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';

/* What a router has no environment for, it listens no more on. */

const shop = { app: 'fx-shop', environment: 'production' };
const blog = { app: 'fx-blog', environment: 'production' };

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  let world: RouterWorld;
  let router: Router;
  let [first, second, blue, green]: number[] = [];

  beforeAll(async () => {
    world = await RouterWorld.open(`back-${kind}`);
    [first, second, blue, green] = await freePorts(4);
    await world.backends({ blue: blue!, green: green! });
    router = world.router(kind);
  }, 300_000);
  afterAll(() => world?.close());

  const of = (
    scope: typeof shop,
    route: number,
    release: string,
    slots = { blue: [blue!], green: [] as number[] },
  ) => ({
    ...routingOf(scope, { web: { route, ...slots } }),
    release,
  });
  const isClosed = (port: number) => until(async () => !(await isAnswered(port)));
  const files = async () =>
    (await world.docker('exec', world.container, 'find', world.directory, '-type', 'f')).split('\n');

  test('a first release that is undone gives its port back, which another app takes at once [proves 5]', async () => {
    await introduce(router, of(blog, second!, 'b1'));
    await router.configure(of(shop, first!, 's1'), io);
    await until(() => isAnswered(first!));
    expect(await router.putBack(shop, { release: 's1', isLive: true }, io)).toBeUndefined();
    expect(await router.putBack(shop, { release: 's1', isLive: false }, io)).toBe('forgotten');
    await isClosed(first!);
    expect(await router.greenShare(shop, io)).toBeUndefined();
    expect((await files()).filter((path) => path.includes('fx-shop'))).toEqual([]);
    expect((await ask(second!)).body).toBe('blue');
    expect(await router.putBack(shop, { release: 's1', isLive: false }, io)).toBeUndefined();

    await router.configure(of({ ...shop, app: 'fx-other' }, first!, 'o1'), io);
    await until(() => isAnswered(first!, 'blue'));
    await router.forget({ ...shop, app: 'fx-other' }, io);
  }, 300_000);

  test('a release that changes the routes is undone: those of before are in force again, with their share', async () => {
    const before = of(shop, first!, 's1');
    await introduce(router, before);
    const [added] = (await freePorts(1)) as [number];
    const changed: Routing = of(shop, added, 's2', { blue: [blue!], green: [green!] });
    await introduce(router, changed);
    await introduce(router, changed);
    await isClosed(first!);
    await router.setGreenShare(shop, 0, io);

    expect(await router.putBack(shop, { release: 's2', isLive: false }, io)).toBe('put back');
    await until(() => isAnswered(first!, 'blue'));
    await isClosed(added);
    expect(await router.greenShare(shop, io)).toBe(0);
    expect(await router.putBack(shop, { release: 's2', isLive: false }, io)).toBeUndefined();
    expect(await router.configure(before, io)).toEqual({ reloaded: false });
  }, 300_000);

  test('the undo of a release that never reached the router leaves it alone', async () => {
    expect(await router.putBack(shop, { release: 'never', isLive: false }, io)).toBeUndefined();
    expect((await ask(first!)).body).toBe('blue');
  });

  test('a worker that was killed in the middle of an undo leaves nothing that its next try does not put right [proves 5]', async () => {
    const [port] = (await freePorts(1)) as [number];
    const late = { ...shop, app: 'fx-late' };
    await router.configure(of(late, port, 'l1'), io);
    await until(() => isAnswered(port));
    // As if it had got no further than to the fragment, before or after the reload.
    await rm(`${world.directory}/apps/fx-late.production.json`);
    await router.putBack(late, { release: 'l1', isLive: false }, io);
    await isClosed(port);
    expect((await files()).filter((path) => path.includes('fx-late'))).toEqual([]);
    expect((await ask(first!)).body).toBe('blue');
  }, 300_000);

  test('the router goes with its last environment, and comes back with the next', async () => {
    await router.forget(blog, io);
    await isClosed(second!);
    expect((await ask(first!)).body).toBe('blue');
    await router.forget(shop, io);
    expect(await world.docker('ps', '-aq', '--filter', `name=${world.container}`)).toBe('');
    await router.forget(shop, io);
    await introduce(router, of(shop, first!, 's3'));
    expect((await ask(first!)).body).toBe('blue');
  }, 300_000);
});
