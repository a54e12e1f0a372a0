import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ActivityWorld } from '../support/activity-world';
import { ask } from '../support/router-world';
import { until } from '../support/until';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

const SERVER = `const { createHash } = require('node:crypto');
require('node:http').createServer((q, r) => r.end(process.env.VERSION)).on('upgrade', (q, socket) => {
  const accept = createHash('sha1').update(q.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  socket.on('error', () => undefined).on('end', () => socket.end());
}).listen(8080);
process.on('SIGTERM', () => process.exit(0))`;

let world: ActivityWorld;
const old = () => world.step(OLD, '1.0.0');
const next = () => world.step(NEW, '1.1.0');

beforeEach(async () => {
  world = await ActivityWorld.open();
  world.change = (raw) => {
    raw.services.web.command = ['-e', SERVER];
    // The image has no shell; that a hook ran is seen by what it left, that it may fail by its exit code.
    raw.services.job.finish = [
      '/usr/bin/node',
      '-e',
      `require('node:fs').writeFileSync('/tmp/finished', ''); process.exit(3)`,
    ];
  };
  await world.release(OLD, '1.0.0', 'blue');
  await world.deploy(next(), 'green');
}, 300_000);
afterEach(() => world.close());

describe('traffic', () => {
  it('gets the share that was asked for, read back, with counters as a baseline; again changes nothing', async () => {
    const report = await world.run('setTraffic', { ...next(), slot: 'green', share: 30 });
    expect(report).toMatchObject({ share: 30, counters: { slots: { green: { web: { requests: 0, errors: 0 } } } } });
    expect(await world.run('setTraffic', { ...next(), slot: 'green', share: 30 })).toMatchObject({ share: 30 });
    expect(await world.share()).toBe(30);
    await world.run('setTraffic', { ...next(), slot: 'blue', share: 100 });
    expect(await world.share()).toBe(0);
    expect(await world.ask()).toBe('1.0.0');
  }, 300_000);

  it('of testers is all of it for a version on trial, and like everybody’s after an undo', async () => {
    const testers = { header: { name: 'X-Tester', value: 'yes' } };
    const change = world.change;
    world.change = (raw) => {
      change(raw);
      raw.canary = { ...raw.canary, testers };
    };
    await world.deploy(next(), 'green');
    const tester = async () => (await ask(world.port, '/', { 'X-Tester': 'yes' })).body;
    await world.run('setTraffic', { ...next(), slot: 'green', share: 1 });
    for (let index = 0; index < 10; index++) expect(await tester()).toBe('1.1.0');
    await world.run('setTraffic', { ...next(), slot: 'blue', share: 100 });
    expect(await tester()).toBe('1.0.0');
  }, 300_000);

  it('is not moved by a step of a release that no longer has the environment', async () => {
    await expect(world.run('setTraffic', { ...old(), slot: 'green', share: 100 })).rejects.toThrow(/this step is late/);
    expect(await world.share()).toBe(0);
  }, 300_000);
});

describe('live-only services', () => {
  it('run in one slot only, finish their job first, and go back by the undo', async () => {
    expect(await jobs()).toEqual([`job ${OLD} running`, `job ${NEW} created`]);
    await world.run('moveLiveOnly', { ...next(), to: 'green' });
    await world.run('moveLiveOnly', { ...next(), to: 'green' });
    expect(await jobs()).toEqual([`job ${OLD} exited`, `job ${NEW} running`]);
    await world.run('moveLiveOnly', { ...next(), to: 'blue' });
    expect(await jobs()).toEqual([`job ${OLD} running`, `job ${NEW} exited`]);
  }, 300_000);

  async function jobs(): Promise<string[]> {
    const all = [...(await world.slot('blue')), ...(await world.slot('green'))];
    return all.filter((line) => line.startsWith('job'));
  }
});

describe('drain', () => {
  const drain = (cap: number) => world.run('drainSlot', { ...next(), slot: 'blue', cap });

  it('ends when the last request has, and leaves WebSockets alone until the cap [proves D9]', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${world.port}/`);
    await once(socket, 'open');
    await world.run('setTraffic', { ...next(), slot: 'green', share: 100 });
    expect((await drain(300)).left).toBe(1);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    const draining = drain(600_000);
    await until(() => Promise.resolve(world.beats.includes('1 in flight')));
    socket.terminate();
    expect((await draining).left).toBe(0);
  }, 300_000);

  it('is refused while the slot still gets requests', async () => {
    await expect(drain(1_000)).rejects.toThrow('expected blue to have no traffic before it is drained');
  }, 300_000);
});
