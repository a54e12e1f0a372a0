import { RouterFailure } from '../../../domain/failures';
import { Runtime } from '../../../routers/haproxy/runtime';
import { Shares } from '../../../routers/haproxy/shares';
import type { Router, Routing } from '../../../routers/router';
import { ask, introduce, io, RouterWorld, routingOf } from '../../support/router-world';
import { freePorts } from '../../support/free-port';

/* What HAProxy alone does; routers.test.ts has what it shares with nginx. */

let world: RouterWorld;
let router: Router;
let routing: Routing;
let api: number;
let blue: number;
const scope = { app: 'fx', environment: 'production' };

beforeAll(async () => {
  world = await RouterWorld.open('haproxy');
  const [a, b, green] = (await freePorts(3)) as [number, number, number];
  [api, blue] = [a, b];
  await world.backends({ 'api-blue': blue, 'api-green': green });
  router = world.haproxy();
  routing = routingOf(scope, { api: { route: api, blue: [blue], green: [green] } });
  await introduce(router, routing);
}, 300_000);

afterAll(() => world?.close());

beforeEach(() => router.setGreenShare(scope, 0, io));

test('a share that somebody removed serves nobody, is not taken for another, and can be given again', async () => {
  const map = `${world.directory}/maps/fx.production.map`;
  const runtime = new Runtime(world.target.host, `${world.directory}/master.sock`);
  await runtime.askAll(`del map ${map} green`, io);
  expect((await ask(api)).status).toBe(503);
  await expect(router.greenShare(scope, io)).rejects.toThrow(RouterFailure);
  await router.setGreenShare(scope, 0, io);
  expect((await ask(api)).body).toBe('api-blue');
});

test('on a full disk no canary begins, but all traffic goes where it is sent, and the failure says what is missing', async () => {
  const { host } = world.target;
  const full = {
    ...host,
    readFile: host.readFile.bind(host),
    writeFile: () => Promise.reject(new Error('ENOSPC: no space left')),
  };
  const runtime = new Runtime(host, `${world.directory}/master.sock`);
  const shares = new Shares(full as unknown as typeof host, runtime, world.directory);
  const set = (green: number) => shares.set(scope, { green, testers: undefined }, io);
  await expect(set(10)).rejects.toThrow(/ENOSPC: no space left.*See that the disk has room/);
  expect(await router.greenShare(scope, io)).toBe(0);
  await expect(set(100)).rejects.toThrow(RouterFailure);
  expect(await router.greenShare(scope, io)).toBe(100);
  expect((await ask(api)).body).toBe('api-green');
});

test('the router says its version, and which ports another program has', async () => {
  const taken = routingOf({ app: 'other', environment: 'production' }, { x: { route: blue, blue: [], green: [] } });
  expect(await router.probe(taken, io)).toMatchObject({ running: true, portsTaken: [blue] });
  expect(await router.probe(routing, io)).toMatchObject({
    portsTaken: [],
    version: expect.stringMatching(/^\d+\.\d+/) as string,
  });
});
