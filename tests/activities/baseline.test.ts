import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Group } from '../../domain/release';
import { containerName } from '../../targets/docker/names';
import { ActivityWorld } from '../support/activity-world';
import { engine } from '../support/engine';
import { ask } from '../support/router-world';
import { until } from '../support/until';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';
const LATER = '20261121-120000-1.2.0-cccc';

/** Says its version and where it runs; on `/slow` after a while, on `/held` once it gets a signal. */
const SERVER = `require('node:http').createServer((q, r) => {
  const { VERSION, SPILLWAY_SLOT, TOKEN } = process.env;
  const answer = () => r.end(TOKEN ? VERSION + ' in ' + SPILLWAY_SLOT : 'no token');
  if (q.url === '/slow') setTimeout(answer, 4000);
  else if (q.url === '/held') process.once('SIGUSR2', answer);
  else answer();
}).listen(8080);
process.on('SIGTERM', () => process.exit(0))`;

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
  world.change = (raw) => {
    raw.services.web.command = ['-e', SERVER];
    raw.services.web.health = { endpoints: [{ path: '/' }], attempts: 300, interval: '200ms' };
    raw.canary = { baseline: 'fresh', steps: [{ weight: 10 }] };
  };
  await world.release(OLD, '1.0.0', 'blue');
}, 300_000);
afterEach(() => world.close());

const next = () => world.step(NEW, '1.1.0');
const live = { slot: 'blue', version: '1.0.0' } as const;
const visitor = async (draw: number, path = '/') =>
  (await ask(world.port, path, { cookie: `spillway.${world.scope.app}.production=${draw}` })).body;

/** A new version beside its baseline, which has a share. */
async function onTrial(share = 10): Promise<void> {
  await world.deploy(next(), 'green');
  await world.run('deployBaseline', { ...next(), live });
  await world.run('setTraffic', { ...next(), slot: 'green', share });
}

test('a fresh baseline gets as much traffic as the new version, and its counters are those that are compared', async () => {
  await world.deploy(next(), 'green');
  const { detail } = await world.run('deployBaseline', { ...next(), live });
  expect(detail).toMatch(/^fresh baseline of 1\.0\.0: 1 replica healthy after /);
  expect(await visitor(99)).toBe('1.0.0 in blue');
  // As another worker does, when the first died.
  await world.run('deployBaseline', { ...next(), live });
  const { counters } = await world.run('setTraffic', { ...next(), slot: 'green', share: 10 });
  expect([await visitor(0), await visitor(50), await visitor(99)]).toEqual([
    '1.1.0 in green',
    '1.0.0 in blue',
    '1.0.0 in baseline',
  ]);
  // Not the job of the live version: what is live-only is never copied.
  expect(await world.slot('baseline')).toEqual([`web ${NEW} running`]);

  const before = world.change;
  const asked = join(world.directory, 'asked');
  world.change = (raw) => {
    before(raw);
    const run = ['sh', '-c', `echo "$SLOT $VERSION $RELEASE" >> ${asked}; echo 1`];
    raw.canary.analysis = { metrics: [{ name: 'lag', interval: '100ms', command: { run } }] };
  };
  for (let draw = 0; draw < 100; draw++) await visitor(draw);
  const soak = { name: 'canary-10', slot: 'green', share: 10, soak: 300, longest: null, interval: 100 } as const;
  const known = { baseline: counters, startedAt: Date.now(), carried: null, recorded: null };
  const beside = { version: '1.0.0', releaseId: OLD };
  const report = await world.run('soak', {
    ...next(),
    ...soak,
    ...known,
    limits: { minRequests: 5 },
    beside,
  });
  // 80 and more went to the live slot meanwhile.
  expect(report.counted!['web']!.requests).toBe(11);
  expect(report.judgement.metrics!.find(({ name }) => name === 'errors web')!.reason).toMatch(
    /0 of 11 .*live: 0 of 11/,
  );
  const measured = (await readFile(asked, 'utf8')).trim().split('\n');
  expect([...new Set(measured)].sort()).toEqual([`baseline 1.0.0 ${NEW}`, `green 1.1.0 ${NEW}`]);
}, 300_000);

test('its undo is refused while it has traffic, lets what is in flight end, and tolerates that there is nothing', async () => {
  await world.deploy(next(), 'green');
  await world.run('removeBaseline', next());
  await onTrial(30);
  await expect(world.run('removeBaseline', next())).rejects.toThrow(/read back 30 % for green/);
  const slow = visitor(99, '/slow');
  await until(async () => (await counted('baseline')) === 1);
  await world.run('setTraffic', { ...next(), slot: 'blue', share: 100 });
  await expect(world.run('removeBaseline', world.step(OLD))).rejects.toThrow(/this step is late/);
  expect(await world.slot('baseline')).toHaveLength(1);
  await world.run('removeBaseline', next());
  expect(await slow).toBe('1.0.0 in baseline');
  await world.run('removeBaseline', next());
  expect(await world.slot('baseline')).toEqual([]);
  expect(await world.slot('green')).toContain(`web ${NEW} running`);
  expect(await world.slot('blue')).toEqual([`job ${OLD} running`, `web ${OLD} running`]);
}, 300_000);

test('after the switch it is drained and retired with the old slot', async () => {
  await onTrial();
  const held = visitor(99, '/held');
  await until(async () => (await counted('baseline')) === 1);
  await world.run('setTraffic', { ...next(), slot: 'green', share: 100 });
  expect(await world.run('drainSlot', { ...next(), slot: 'blue', cap: 100 })).toMatchObject({ left: 1 });
  await engine()
    .getContainer(containerName(world.scope, 'web', 'baseline', 1))
    .kill({ signal: 'SIGUSR2' });
  expect(await world.run('drainSlot', { ...next(), slot: 'blue', cap: 600_000 })).toMatchObject({ left: 0 });
  expect(await held).toBe('1.0.0 in baseline');
  expect(await world.run('retire', { ...next(), slot: 'blue' })).toEqual({ leftovers: [] });
  expect([...(await world.slot('baseline')), ...(await world.slot('blue'))]).toEqual([]);
}, 300_000);

test('reconcile removes the baseline of a release that was terminated in its canary', async () => {
  await onTrial();
  const { did } = await world.run('reconcile', { ...next(), live: world.live });
  expect(did).toContainEqual(expect.stringMatching(`removed .*\.web\.baseline-1 of release ${NEW} from baseline`));
  expect([...(await world.slot('baseline')), ...(await world.slot('green'))]).toEqual([]);
  expect(await visitor(99)).toBe('1.0.0 in blue');
}, 300_000);

test('one that was left behind is named in preflight, and removed by the next deploy, whatever that is compared with', async () => {
  await onTrial();
  await world.run('setTraffic', { ...next(), slot: 'blue', share: 100 });
  world.change = (raw) => void (raw.services.web.command = ['-e', SERVER]);
  const { checks } = await world.preflight(world.step(LATER, '1.2.0'));
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(checks.find(({ name }) => name === 'idle slot')!.detail).toMatch(/left by an earlier release.*baseline-1/);
  await world.deploy(world.step(LATER, '1.2.0'), 'green');
  expect(await world.slot('baseline')).toEqual([]);
}, 300_000);

test('copies that do not get healthy are told, without a word of what they say: their secrets may be unknown here', async () => {
  await world.deploy(next(), 'green');
  const before = world.change;
  world.change = (raw) => {
    before(raw);
    raw.services.web.health = { endpoints: [{ path: '/', contains: 'blue' }], attempts: 2, interval: '200ms' };
  };
  const failure = await world.run('deployBaseline', { ...next(), live }).catch((error: Error) => error);
  expect(failure).toMatchObject({
    name: 'UnhealthyFailure',
    message: expect.stringContaining('expected 1.0.0 in baseline to be healthy') as string,
  });
  expect((failure as Error).message).not.toContain('last ');
  await world.run('removeBaseline', next());
  expect(await world.slot('baseline')).toEqual([]);
}, 300_000);

/** Requests in flight in a group. */
async function counted(group: Group): Promise<number> {
  const router = await world.parts.router(next().config);
  return router.sessions!.count(world.scope, group, {
    signal: AbortSignal.timeout(5_000),
    onProgress: () => undefined,
  });
}
