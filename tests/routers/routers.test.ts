import { basename } from 'node:path';
import { ConfigurationFailure } from '../../domain/failures';
import type { Router, Routing } from '../../routers/router';
import { ask, introduce, io, isAnswered, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';

/* What every router does. */

const scope = { app: 'fx-shop', environment: 'production' };

describe.each([
  ['haproxy', 'spillway.fx-shop.production'],
  ['nginx', 'spillway_fx_0shop__production'],
] as const)('%s', (kind, cookieName) => {
  let world: RouterWorld;
  let router: Router;
  let routing: Routing;
  let api: number;
  let web: number;

  beforeAll(async () => {
    world = await RouterWorld.open(`both-${kind}`);
    const [a, b, apiBlue, webBlue, apiGreen, webGreen] = await freePorts(6);
    [api, web] = [a!, b!];
    await world.backends({
      'api-blue': apiBlue!,
      'web-blue': webBlue!,
      'api-green': apiGreen!,
      'web-green': webGreen!,
    });
    router = world.router(kind);
    routing = routingOf(scope, {
      api: { route: api, blue: [apiBlue!], green: [apiGreen!] },
      web: { route: web, blue: [webBlue!], green: [webGreen!] },
    });
    await introduce(router, routing);
  }, 300_000);

  afterAll(() => world?.close());

  const both = async (cookie = '') => [(await ask(api, '/', { cookie })).body, (await ask(web, '/', { cookie })).body];

  test('a share of 0 or 100 sends every visitor of every service to one slot, and is read back', async () => {
    await router.setGreenShare(scope, 0, io);
    expect(await both()).toEqual(['api-blue', 'web-blue']);
    await router.setGreenShare(scope, 100, io);
    expect(await both()).toEqual(['api-green', 'web-green']);
    expect(await router.greenShare(scope, io)).toBe(100);
  });

  test('an environment that is new has its first share from the first moment', async () => {
    const [port, blue] = (await freePorts(2)) as [number, number];
    await world.backends({ 'new-blue': blue });
    const fresh = { app: 'fx-new', environment: 'production' };
    await router.configure(routingOf(fresh, { api: { route: port, blue: [blue], green: [] } }), io, 100);
    expect(await router.greenShare(fresh, io)).toBe(100);
    await until(() => isAnswered(port));
    expect((await ask(port)).status).toBeGreaterThanOrEqual(500);
    await router.setGreenShare(fresh, 0, io);
    expect((await ask(port)).body).toBe('new-blue');
  });

  test('a router of another folder whose container has the same name is left alone, and said before anything changes', async () => {
    const directory = `${world.directory}/elsewhere/${basename(world.directory)}`;
    const other = kind === 'haproxy' ? world.haproxy({ directory }) : world.nginx({ directory });
    const said = `expected the container ${world.container} to be the router in ${directory}, seen the router in ${world.directory}`;
    await expect(other.probe(routing, io)).rejects.toThrow(said);
    await expect(other.configure(routing, io)).rejects.toBeInstanceOf(ConfigurationFailure);
    expect(await router.greenShare(scope, io)).toBeDefined();
  });

  test('configuring again what is in force does not reload, and keeps the share', async () => {
    await router.setGreenShare(scope, 100, io);
    expect(await router.configure(routing, io)).toEqual({ reloaded: false });
    expect(await router.greenShare(scope, io)).toBe(100);
  });

  test('about the share of new visitors gets green', async () => {
    await router.setGreenShare(scope, 30, io);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(api)));
    const green = answers.filter((answer) => answer.body === 'api-green').length;
    expect(green).toBeGreaterThan(220);
    expect(green).toBeLessThan(380);
  });

  test('a visitor keeps the slot across services and requests while the share stands', async () => {
    await router.setGreenShare(scope, 50, io);
    for (let visitor = 0; visitor < 10; visitor++) {
      const first = await ask(api);
      const cookie = first.cookie!.split(';')[0]!;
      expect(cookie).toMatch(new RegExp(`^${cookieName}=\\d{1,2}$`));
      const slot = first.body.replace('api-', '');
      for (let again = 0; again < 3; again++) expect(await both(cookie)).toEqual([`api-${slot}`, `web-${slot}`]);
    }
  });

  test('a forged cookie reaches nothing that the share does not give', async () => {
    await router.setGreenShare(scope, 0, io);
    for (const forged of ['-1', 'green', '100', '1e9', '0%0a', "0' or", ''])
      expect(await both(`${cookieName}=${forged}`)).toEqual(['api-blue', 'web-blue']);
  });

  test('an undo is complete: with a share of 0 even visitors who had green get blue', async () => {
    await router.setGreenShare(scope, 50, io);
    expect(await both(`${cookieName}=3`)).toEqual(['api-green', 'web-green']);
    await router.setGreenShare(scope, 0, io);
    expect(await both(`${cookieName}=3`)).toEqual(['api-blue', 'web-blue']);
  });

  test('the share outlives a restart of the router', async () => {
    await router.setGreenShare(scope, 100, io);
    await world.docker('restart', world.container);
    await until(() => isAnswered(api, 'api-green'));
    expect(await router.greenShare(scope, io)).toBe(100);
  });

  test('a share that is not whole per cent is refused', async () => {
    await expect(router.setGreenShare(scope, 12.5, io)).rejects.toThrow(ConfigurationFailure);
  });
});
