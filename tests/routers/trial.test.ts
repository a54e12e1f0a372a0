import { createServer, type Server } from 'node:http';
import type { Testers } from '../../domain/config/testers';
import type { Slot } from '../../domain/release';
import type { Router, Routing } from '../../routers/router';
import { ask, introduce, io, RouterWorld, routingOf } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';

/* Testers and mirroring: what else there is while a version has a part of the traffic. */

const scope = { app: 'fx-shop', environment: 'production' };
const HEADER: Testers = { header: { name: 'X-Tester', value: 'a.b' } };
const COOKIE: Testers = { cookie: { name: 'qa.team', value: 'yes' } };

/** Slots that answer who they are, and remember what they were asked. */
class Slots {
  readonly asked: Record<Slot, string[]> = { blue: [], green: [] };
  /** Answers what was asked of `/slow`. */
  answerSlow: () => void = () => undefined;
  private readonly servers: Server[] = [];

  listen(slot: Slot, port: number): void {
    const server = createServer((request, response) => {
      const mirrored = request.headers['x-spillway-mirror'] ? ' mirrored' : '';
      this.asked[slot].push(`${request.method} ${request.url}${mirrored}`);
      const answer = () => void response.end(slot);
      request.resume().on('end', () => (request.url === '/slow' ? (this.answerSlow = answer) : answer()));
    });
    this.servers.push(server.listen(port, '127.0.0.1'));
  }

  close(): void {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  const slots = new Slots();
  let world: RouterWorld;
  let router: Router;
  let routing: Routing;
  let port: number;

  beforeAll(async () => {
    world = await RouterWorld.open(`trial-${kind}`);
    const [route, blue, green] = (await freePorts(3)) as [number, number, number];
    port = route;
    slots.listen('blue', blue);
    slots.listen('green', green);
    router = world.router(kind);
    routing = { ...routingOf(scope, { api: { route, blue: [blue], green: [green] } }), testers: HEADER };
    await introduce(router, routing);
  }, 300_000);

  afterAll(async () => {
    slots.close();
    await world?.close();
  });

  const tester = { 'X-Tester': 'a.b' };
  const slotOf = async (headers: Record<string, string> = {}, method = 'GET') =>
    (await ask(port, '/', headers, method)).body;

  /** How many of 60 requests go to green. */
  async function toGreen(headers: Record<string, string>): Promise<number> {
    const answers = await Promise.all(Array.from({ length: 60 }, () => slotOf(headers)));
    return answers.filter((body) => body === 'green').length;
  }

  test('testers all go to the version on trial, all others by its share', async () => {
    await router.setGreenShare(scope, 20, io, { testers: 'green' });
    expect(await toGreen(tester)).toBe(60);
    expect(await slotOf(tester, 'POST')).toBe('green');
    for (const almost of ['a-b', 'A.B', 'a.b.c', '']) expect(await toGreen({ 'X-Tester': almost })).toBeLessThan(40);
    await router.setGreenShare(scope, 80, io, { testers: 'blue' });
    expect(await toGreen(tester)).toBe(0);
    expect(await toGreen({})).toBeGreaterThan(20);
  });

  test.each([
    ['an undo', 0, 'blue'],
    ['a switch', 100, 'green'],
  ] as const)('nothing of it remains after %s', async (_, share, slot) => {
    await router.setGreenShare(scope, 50, io, { testers: slot === 'green' ? 'blue' : 'green' });
    await router.setGreenShare(scope, share, io);
    expect(await slotOf(tester)).toBe(slot);
    expect(await slotOf()).toBe(slot);
    const left = await world.target.host.run(
      [
        'sh',
        '-c',
        'cat "$1"/maps/* "$1"/shares/* 2>/dev/null; grep -rs _drawn "$1"/conf.d; true',
        'sh',
        world.directory,
      ],
      io,
    );
    expect(left.stdout).not.toMatch(/testers|_drawn/);
    await router.setGreenShare(scope, 50, io);
    const seen = await toGreen(tester);
    expect(seen).toBeGreaterThan(5);
    expect(seen).toBeLessThan(55);
  });

  test('testers can be known by a cookie', async () => {
    await router.configure({ ...routing, testers: COOKIE }, io);
    await router.setGreenShare(scope, 1, io, { testers: 'green' });
    expect(await toGreen({ cookie: 'a=1; qa.team=yes; b=2' })).toBe(60);
    for (const almost of ['qa.team=yess', 'xqa.team=yes', 'qaxteam=yes'])
      expect(await toGreen({ cookie: almost })).toBeLessThan(20);
    await router.configure(routing, io);
  });

  if (kind === 'haproxy') {
    test('what testers do is no part of the counters, and yet of what is in flight', async () => {
      await router.setGreenShare(scope, 1, io, { testers: 'green' });
      const counted = async () => (await router.counters(scope, io)).slots.green['api'];
      const before = await counted();
      const slow = ask(port, '/slow', tester);
      await until(async () => (await router.sessions!.count(scope, 'green', io)) === 1);
      slots.answerSlow();
      await slow;
      expect(await counted()).toEqual(before);
    });

    test('the one command that gives all traffic to a slot takes testers along', async () => {
      await router.setGreenShare(scope, 50, io, { testers: 'green' });
      const command = `@1 set map ${world.directory}/maps/fx-shop.production.map green 0`;
      const script = 'echo "$1" | socat - "$2"';
      await world.target.host.run(['sh', '-c', script, 'sh', command, `${world.directory}/master.sock`], io);
      expect(await toGreen(tester)).toBe(0);
    });
  } else {
    test('the version on trial gets a copy of what the live one answers, if it changes nothing', async () => {
      await router.setGreenShare(scope, 1, io, { mirror: 'green' });
      const cookie = 'spillway_fx_0shop__production=99';
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) await ask(port, `/${method}?x=1`, { cookie }, method);
      const copied = () => slots.asked.green.filter((one) => one.includes('?x=1')).sort();
      await until(() => copied().length >= 2, { what: 'both copies' });
      expect(copied()).toEqual(['GET /GET?x=1 mirrored', 'HEAD /HEAD?x=1 mirrored']);
      expect(slots.asked.blue.filter((one) => one.includes('?x=1'))).toHaveLength(4);
      await ask(port, '/own', { cookie: 'spillway_fx_0shop__production=0' });
      expect(slots.asked.green.filter((one) => one.includes('/own'))).toEqual(['GET /own']);
      expect((await ask(port, '/.spillway/fx-shop/production/mirror/api')).status).toBe(404);
    });

    test('after an undo nothing is copied any more', async () => {
      await router.setGreenShare(scope, 50, io, { mirror: 'green' });
      await router.setGreenShare(scope, 0, io);
      await ask(port, '/undone');
      await ask(port, '/undone');
      expect(slots.asked.blue.filter((one) => one.includes('/undone'))).toHaveLength(2);
      expect(slots.asked.green.filter((one) => one.includes('/undone'))).toEqual([]);
    });
  }
});
