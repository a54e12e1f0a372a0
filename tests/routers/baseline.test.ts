import { readFile } from 'node:fs/promises';
import type { Slot } from '../../domain/release';
import type { Router, Routing, Trial } from '../../routers/router';
import { ask, introduce, io, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';

/* A fresh baseline beside the two slots, with a real HAProxy. */

const scope = { app: 'fx-shop', environment: 'production' };
const TESTER = { 'X-Tester': 'yes' };

let world: RouterWorld;
let router: Router;
let routing: Routing;
let api: number;
let web: number;
let fresh: string;

beforeAll(async () => {
  world = await RouterWorld.open('baseline');
  const [a, b, apiBlue, apiGreen, apiFresh, webBlue, webGreen] = await freePorts(7);
  [api, web] = [a!, b!];
  await world.backends({ blue: apiBlue!, green: apiGreen!, 'web-blue': webBlue!, 'web-green': webGreen! });
  fresh = await world.backends({ baseline: apiFresh! });
  router = world.haproxy();
  const both = routingOf(scope, {
    api: { route: api, blue: [apiBlue!], green: [apiGreen!] },
    web: { route: web, blue: [webBlue!], green: [webGreen!] },
  });
  routing = {
    ...both,
    testers: { header: { name: 'X-Tester', value: 'yes' } },
    services: both.services.map((one) =>
      one.service === 'api'
        ? { ...one, baseline: [{ on: 'docker' as const, address: '127.0.0.1', port: apiFresh! }] }
        : one,
    ),
  };
  await introduce(router, routing);
  await until(async () => (await router.groupIsUp(routing, 'baseline', io)).up);
}, 300_000);

afterAll(() => world?.close());

/** Gives a new version in this slot its share, and the baseline its own, as a step of a canary does. */
function giveShare(canary: Slot, share: number, trial: Trial = {}): Promise<void> {
  const of = canary === 'green' ? 'blue' : 'green';
  const green = canary === 'green' ? share : 100 - share;
  const baseline = { of, share: Math.min(share, 100 - share) } as const;
  return router.setGreenShare(scope, green, io, { baseline, ...trial });
}

/** How many of the hundred draws meet each group. */
async function draws(port = api): Promise<Record<string, number>> {
  const bodies = await Promise.all(
    Array.from({ length: 100 }, (_, draw) => ask(port, '/', { cookie: `spillway.fx-shop.production=${draw}` })),
  );
  const seen: Record<string, number> = {};
  for (const { body } of bodies) seen[body] = (seen[body] ?? 0) + 1;
  return seen;
}

const setByHand = (share: number) => {
  const command = `@1 set map ${world.directory}/maps/fx-shop.production.map green ${share}`;
  return world.target.host.run(
    ['sh', '-c', 'echo "$1" | socat - "$2"', 'sh', command, `${world.directory}/master.sock`],
    io,
  );
};

test.each([
  ['green', 10, { green: 10, baseline: 10, blue: 80 }],
  ['green', 50, { green: 50, baseline: 50 }],
  ['green', 80, { green: 80, baseline: 20 }],
  ['green', 1, { green: 1, baseline: 1, blue: 98 }],
  ['blue', 10, { blue: 10, baseline: 10, green: 80 }],
  ['blue', 50, { blue: 50, baseline: 50 }],
  ['blue', 99, { blue: 99, baseline: 1 }],
] as const)(
  'a canary in %s with %d %% and a fresh baseline with as much have exactly that',
  async (canary, share, seen) => {
    await giveShare(canary, share);
    expect(await draws()).toEqual(seen);
  },
);

test('a visitor stays with the baseline while the share stands, and most of them when it rises', async () => {
  await giveShare('green', 10);
  for (let tried = 0; ; tried++) {
    const { body, cookie } = await ask(api);
    if (body !== 'baseline' && tried < 500) continue;
    const kept = cookie!.split(';')[0]!;
    for (let index = 0; index < 10; index++) expect((await ask(api, '/', { cookie: kept })).body).toBe('baseline');
    await giveShare('green', 50);
    expect((await ask(api, '/', { cookie: kept })).body).toBe('baseline');
    return;
  }
});

test.each([0, 100])('a share of %d leaves it no visitor and nothing in the router', async (share) => {
  const slot = share === 0 ? 'blue' : 'green';
  await giveShare('green', 50);
  await router.setGreenShare(scope, share, io);
  expect(await draws()).toEqual({ [slot]: 100 });
  expect(await readFile(`${world.directory}/maps/fx-shop.production.map`, 'utf8')).toBe(`green ${share}\n`);
  await router.setGreenShare(scope, 30, io);
  expect(await draws()).toEqual({ green: 30, blue: 70 });
});

test('the one command that gives all traffic to a slot takes the visitors of the baseline along', async () => {
  await giveShare('green', 50);
  await setByHand(0);
  expect(await draws()).toEqual({ blue: 100 });
  await setByHand(100);
  expect(await draws()).toEqual({ green: 100 });
});

test('testers never meet it', async () => {
  await giveShare('green', 10, { testers: 'green' });
  const cookie = 'spillway.fx-shop.production=99';
  expect((await ask(api, '/', { cookie })).body).toBe('baseline');
  expect((await ask(api, '/', { cookie, ...TESTER })).body).toBe('green');
});

test('visitors of a service that it does not have meet the live slot', async () => {
  await giveShare('green', 20);
  expect(await draws(web)).toEqual({ 'web-green': 20, 'web-blue': 80 });
  await giveShare('blue', 20);
  expect(await draws(web)).toEqual({ 'web-blue': 20, 'web-green': 80 });
});

test('its requests are counted apart from those of the live slot, and waited for apart', async () => {
  await giveShare('green', 10);
  const before = await router.counters(scope, io);
  await draws();
  await ask(api, '/fail', { cookie: 'spillway.fx-shop.production=95' }, 'POST');
  const after = await router.counters(scope, io);
  const counted = (counters: typeof after) => {
    const { slots, baseline } = counters;
    return [slots.blue, slots.green, baseline!].map((group) => group['api']!);
  };
  const increase = counted(after).map(({ requests, errors }, index) => {
    const old = counted(before)[index]!;
    return [requests - old.requests, errors - old.errors];
  });
  expect(increase).toEqual([
    [80, 0],
    [10, 0],
    [11, 1],
  ]);
  expect(counted(after)[2]!.latency.reduce((sum, { count }) => sum + count, 0)).toBe(counted(after)[2]!.requests);

  const slow = ask(api, '/?ms=600000', { cookie: 'spillway.fx-shop.production=95' }).catch(() => undefined);
  await until(async () => (await router.sessions!.count(scope, 'baseline', io)) === 1);
  expect(await router.sessions!.count(scope, 'blue', io)).toBe(0);
  await router.setGreenShare(scope, 0, io);
  await router.sessions!.close(scope, 'baseline', io);
  expect(await router.sessions!.count(scope, 'baseline', io)).toBe(0);
  await slow;
});

test('when it stops answering its visitors meet the live slot, and it is gone with its containers', async () => {
  await giveShare('blue', 30);
  await world.docker('stop', '-t', '0', fresh);
  // Two checks, as with any replica that is gone.
  await until(async () => (await ask(api, '/', { cookie: 'spillway.fx-shop.production=0' })).body === 'green');
  expect((await router.groupIsUp(routing, 'baseline', io)).up).toBe(false);
  expect(await draws()).toEqual({ blue: 30, green: 70 });
  const without = routing.services.map(({ service, routes, slots }) => ({ service, routes, slots }));
  await router.configure({ ...routing, services: without }, io);
  expect((await router.counters(scope, io)).baseline).toBeUndefined();
  expect(await draws()).toEqual({ blue: 30, green: 70 });
});
