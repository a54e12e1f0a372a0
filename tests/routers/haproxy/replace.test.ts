import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Host } from '../../../domain/host';
import { openHaproxy } from '../../../routers/haproxy/haproxy';
import type { Router, Routing } from '../../../routers/router';
import { startPressure } from '../../support/pressure';
import { ask, HAPROXY_IMAGE, introduce, io, isAnswered, RouterWorld, routingOf } from '../../support/router-world';
import { until } from '../../support/until';
import { freePorts } from '../../support/free-port';

let world: RouterWorld;
let routing: Routing;
let port: number;
let images: { one: string; other: string; broken: string };
const scope = { app: 'fx', environment: 'production' };

const open = (image: string): Router => world.haproxy({ image });
const openOn = (host: Host, image: string): Router =>
  openHaproxy({ kind: 'haproxy', image, directory: world.directory }, { host });

beforeAll(async () => {
  world = await RouterWorld.open('haproxy-replace');
  images = {
    one: HAPROXY_IMAGE,
    other: `spillway/haproxy:other-${world.id}`,
    broken: `spillway/haproxy:broken-${world.id}`,
  };
  await world.docker('tag', images.one, images.other);
  await world.docker('tag', 'spillway/busybox:local', images.broken);
  const [route, blue, green] = (await freePorts(3)) as [number, number, number];
  port = route;
  await world.backends({ blue, green });
  routing = routingOf(scope, { api: { route, blue: [blue], green: [green] } });
  await introduce(open(images.one), routing);
}, 300_000);

afterAll(async () => {
  await world?.docker('rmi', images.other, images.broken);
  await world?.close();
});

/** Containers of this router, with their images. */
async function containers(): Promise<string[]> {
  const names = await world.docker(
    'ps',
    '-a',
    '--format',
    '{{.Names}} {{.Image}}',
    '--filter',
    `name=${world.container}`,
  );
  return names.split('\n').map((line) => line.replace(world.container, 'router').replace(/-leaving-\w+/, '-leaving'));
}

/** Configures it again until the one that it replaced is gone. */
async function untilAlone(router: Router): Promise<void> {
  await until(async () => {
    await router.configure(routing, io);
    return (await containers()).length === 1;
  });
}

/** Visitors that keep connections and visitors that open one for each request, until told to stop. */
async function visitors(pauseMs = 0): Promise<() => Promise<{ lost: number; losses: string[] }>> {
  const pressure = await startPressure({ port, connections: 8, pauseMs });
  const losses: string[] = [];
  let stopping = false;
  const end = Date.now() + 120_000;
  const visit = async (): Promise<void> => {
    while (!stopping && Date.now() < end) {
      const { status, body } = await ask(port).catch((error: Error) => ({ status: 0, body: error.message }));
      if (status !== 200) losses.push(`new connection: ${status} ${body}`);
    }
  };
  const all = [visit(), visit(), visit(), visit()];
  return async () => {
    stopping = true;
    await Promise.all(all);
    const kept = await pressure.stop();
    expect(kept.requests).toBeGreaterThan(0);
    return { lost: kept.lost + losses.length, losses: [...kept.losses, ...losses] };
  };
}

test('another image takes the place of the router under traffic, again and again, and no request is lost', async () => {
  await open(images.one).setGreenShare(scope, 30, io);
  const stop = await visitors();
  for (const image of [images.other, images.one, images.other, images.one]) {
    await open(image).configure(routing, io);
    expect(await open(image).greenShare(scope, io)).toBe(30);
  }
  expect(await stop()).toEqual({ lost: 0, losses: [] });
  await open(images.one).configure(routing, io);
  expect(await containers()).toEqual([`router ${images.one}`]);
}, 300_000);

test('what serves already is not replaced', async () => {
  const before = await open(images.one).counters(scope, io);
  expect(await open(images.one).configure(routing, io)).toEqual({ reloaded: false });
  expect((await open(images.one).counters(scope, io)).process).toBe(before.process);
});

test('a WebSocket lives on in the router that was replaced, follows drain, and the rest goes with it', async () => {
  const router = open(images.other);
  await router.setGreenShare(scope, 0, io);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  await router.configure(routing, io);
  expect((await containers()).sort()).toEqual([`router ${images.other}`, `router-leaving ${images.one}`]);
  socket.send('still there');
  await once(socket, 'message');
  await router.setGreenShare(scope, 100, io);
  expect(await router.greenShare(scope, io)).toBe(100);
  expect([await router.sessions!.count(scope, 'blue', io), await router.sessions!.count(scope, 'green', io)]).toEqual([
    1, 0,
  ]);
  const closed = once(socket, 'close');
  await router.sessions!.close(scope, 'blue', io);
  await closed;
  expect(await router.sessions!.count(scope, 'blue', io)).toBe(0);
  await untilAlone(router);
  expect(await world.target.host.listFiles(world.directory, io)).not.toContainEqual(
    expect.stringMatching(/^leaving|^handover/),
  );
}, 300_000);

const EFFECTS = ['ensureContainer', 'renameContainer', 'signalContainer', 'removeContainer', 'execInContainer'];

/** A host whose worker is killed after so many effects: nothing that would come then does, no cleaning up either. */
function killedAfter(effects: number): { host: Host; did: string[] } {
  const did: string[] = [];
  const host = new Proxy(world.target.host, {
    get:
      (target, name: keyof Host) =>
      (...args: unknown[]) => {
        if (did.length >= effects) return Promise.reject(new Error('killed'));
        if (EFFECTS.includes(name)) did.push(name);
        return (target[name] as (...given: unknown[]) => unknown).apply(target, args);
      },
  });
  return { host, did };
}

/** A host on which something happens just before a connection to the router's sockets, counted from 1. */
function changingBefore(which: number, change: () => Promise<unknown>): Host {
  let connects = 0;
  const connect: Host['connect'] = async (...args) => {
    if (++connects === which) await change();
    return world.target.host.connect(...args);
  };
  return new Proxy(world.target.host, {
    get: (target, name: keyof Host) => (name === 'connect' ? connect : target[name].bind(target)),
  });
}

test('killed after any effect of a replacement, the next one finishes it, and no request is lost', async () => {
  const stop = await visitors(5);
  let [wanted, other] = [images.one, images.other];
  for (let effects = 1; ; effects++) {
    const { host, did } = killedAfter(effects);
    const outcome = await openOn(host, wanted)
      .configure(routing, io)
      .catch((error: Error) => error.message);
    if (did.length < effects) break;
    expect(outcome).toBe('killed');
    expect(await open(wanted).greenShare(scope, io)).toBe(100);
    await open(wanted).configure(routing, io);
    expect([effects, await containers()]).toEqual([effects, [`router ${wanted}`]]);
    [wanted, other] = [other, wanted];
  }
  expect(await stop()).toEqual({ lost: 0, losses: [] });
  await open(images.one).configure(routing, io);
}, 300_000);

test('a share that is asked for while the router is replaced is the one in force', async () => {
  await open(images.one).setGreenShare(scope, 100, io);
  const host = changingBefore(2, () => open(images.other).configure(routing, io));
  expect(await openOn(host, images.one).greenShare(scope, io)).toBe(100);
  await open(images.one).configure(routing, io);
}, 300_000);

test('a WebSocket is counted also when the router is replaced during the count', async () => {
  await open(images.one).setGreenShare(scope, 100, io);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  for (const connection of [1, 2]) {
    const image = connection === 1 ? images.other : images.one;
    const host = changingBefore(connection, () => open(image).configure(routing, io));
    expect(await openOn(host, image).sessions!.count(scope, 'green', io)).toBe(1);
  }
  socket.terminate();
  await untilAlone(open(images.one));
}, 300_000);

test('when the new one does not serve, the old one goes on as if nothing had been', async () => {
  const stop = await visitors();
  await expect(open(images.broken).configure(routing, io)).rejects.toThrow(/to answer within 20 s/);
  expect(await containers()).toEqual([`router ${images.one}`]);
  expect(await open(images.one).configure(routing, io)).toEqual({ reloaded: false });
  expect(await stop()).toEqual({ lost: 0, losses: [] });
  expect(await world.target.host.listFiles(world.directory, io)).not.toContainEqual(
    expect.stringMatching(/^leaving|^handover/),
  );
}, 300_000);

test('a router that was killed is started again by the engine, without the one it once replaced', async () => {
  await open(images.other).configure(routing, io);
  const pid = Number(await world.docker('inspect', '-f', '{{.State.Pid}}', world.container));
  process.kill(pid, 'SIGKILL');
  await until(() => isAnswered(port, 'green'));
  expect(await open(images.other).configure(routing, io)).toEqual({ reloaded: false });
}, 300_000);
