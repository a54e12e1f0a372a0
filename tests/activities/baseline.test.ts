import type { Group } from '../../domain/release';
import { ActivityWorld } from '../support/activity-world';
import { engine } from '../support/engine';
import { ask, until } from '../support/router-world';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';
const LATER = '20261121-120000-1.2.0-cccc';

/** Says its version and where it runs. */
const SERVER = `require('node:http').createServer((q, r) => {
  const { VERSION, SPILLWAY_SLOT, TOKEN } = process.env;
  const answer = () => r.end(TOKEN ? VERSION + ' in ' + SPILLWAY_SLOT : 'no token');
  if (q.url === '/slow') setTimeout(answer, 4000); else answer();
}).listen(8080);
process.on('SIGTERM', () => process.exit(0))`;

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
  world.change = (raw) => {
    raw.services.web.command = ['-e', SERVER];
    raw.services.web.health = { endpoints: [{ path: '/' }], attempts: 20, interval: '200ms' };
    raw.canary = { baseline: 'fresh', steps: [{ weight: 10 }] };
  };
  await world.release(OLD, '1.0.0', 'blue');
}, 60_000);
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
  await world.run('deployBaseline', { ...next(), live });
  const { counters } = await world.run('setTraffic', { ...next(), slot: 'green', share: 10 });
  expect([await visitor(0), await visitor(50), await visitor(99)]).toEqual([
    '1.1.0 in green',
    '1.0.0 in blue',
    '1.0.0 in baseline',
  ]);
  const seen = (await world.run('setTraffic', { ...next(), slot: 'green', share: 10 })).counters!;
  expect(counters!.slots.blue['web']!.requests).toBe(0);
  expect(seen.slots.blue['web']!.requests).toBe(1);
  expect(await world.slot('baseline')).toEqual([`web ${NEW} running`]);
}, 60_000);

test('a soak compares with the baseline, not with the live slot beside it', async () => {
  await onTrial();
  const { counters } = await world.run('setTraffic', { ...next(), slot: 'green', share: 10 });
  for (let draw = 0; draw < 100; draw++) await visitor(draw);
  const soak = { name: 'canary-10', slot: 'green', share: 10, soak: 300, longest: null, interval: 100 } as const;
  const known = { baseline: counters, startedAt: Date.now(), carried: null, recorded: null };
  const beside = { version: '1.0.0', releaseId: OLD };
  const limits = { minRequests: 5 };
  const report = await world.run('soak', { ...next(), ...soak, ...known, limits, beside });
  expect(report.counted!['web']!.requests).toBe(10);
  const errors = report.judgement.metrics!.find(({ name }) => name === 'errors web');
  expect(errors!.reason).toContain('0 of 10 requests failed');
  expect(errors!.reason).toContain('live: 0 of 10');
}, 60_000);

test('it is not removed while it has traffic, nor by a release that no longer has the environment', async () => {
  await onTrial(30);
  await expect(world.run('removeBaseline', next())).rejects.toThrow(/read back 30 % for green/);
  await world.run('setTraffic', { ...next(), slot: 'blue', share: 100 });
  await expect(world.run('removeBaseline', world.step(OLD))).rejects.toThrow(/this step is late/);
  expect(await world.slot('baseline')).toHaveLength(1);
}, 60_000);

test('its undo lets what is in flight end, removes it alone, and tolerates that there is nothing', async () => {
  await world.deploy(next(), 'green');
  await world.run('removeBaseline', next());
  await onTrial();
  const slow = visitor(99, '/slow');
  await until(async () => (await counted('baseline')) === 1);
  await world.run('setTraffic', { ...next(), slot: 'blue', share: 100 });
  await world.run('removeBaseline', next());
  expect(await slow).toBe('1.0.0 in baseline');
  await world.run('removeBaseline', next());
  expect(await world.slot('baseline')).toEqual([]);
  expect(await world.slot('green')).toContain(`web ${NEW} running`);
  expect(await world.slot('blue')).toEqual([`job ${OLD} running`, `web ${OLD} running`]);
}, 60_000);

test('after the switch it is drained and retired with the old slot', async () => {
  await onTrial();
  const slow = visitor(99, '/slow');
  await until(async () => (await counted('baseline')) === 1);
  await world.run('setTraffic', { ...next(), slot: 'green', share: 100 });
  expect(await world.run('drainSlot', { ...next(), slot: 'blue', cap: 100 })).toMatchObject({ left: 1 });
  expect(await world.run('drainSlot', { ...next(), slot: 'blue', cap: 20_000 })).toMatchObject({ left: 0 });
  expect(await slow).toBe('1.0.0 in baseline');
  expect(await world.run('retire', { ...next(), slot: 'blue' })).toEqual({ leftovers: [] });
  expect([...(await world.slot('baseline')), ...(await world.slot('blue'))]).toEqual([]);
}, 60_000);

test('reconcile removes the baseline of a release that was terminated in its canary', async () => {
  await onTrial();
  const { did } = await world.run('reconcile', { ...next(), live: world.live });
  expect(did).toContainEqual(expect.stringMatching(`removed .*-web-baseline-1 of release ${NEW} from baseline`));
  expect([...(await world.slot('baseline')), ...(await world.slot('green'))]).toEqual([]);
  expect(await visitor(99)).toBe('1.0.0 in blue');
}, 60_000);

test('one that was left behind is named in preflight, and removed by the next deploy, whatever that is compared with', async () => {
  await onTrial();
  await world.run('setTraffic', { ...next(), slot: 'blue', share: 100 });
  world.change = (raw) => void (raw.services.web.command = ['-e', SERVER]);
  const { checks } = await world.preflight(world.step(LATER, '1.2.0'));
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(checks.find(({ name }) => name === 'idle slot')!.detail).toMatch(/left by an earlier release.*baseline-1/);
  await world.deploy(world.step(LATER, '1.2.0'), 'green');
  expect(await world.slot('baseline')).toEqual([]);
}, 60_000);

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
}, 60_000);

/** Requests in flight in a group. */
async function counted(group: Group): Promise<number> {
  const router = await world.parts.router(next().config);
  return router.sessions(world.scope, group, { signal: AbortSignal.timeout(5_000), onProgress: () => undefined });
}

test('the live job is never copied', async () => {
  await onTrial();
  const all = await engine().listContainers({ all: true, filters: { label: [`spillway.app=${world.scope.app}`] } });
  expect(
    all
      .map(({ Names }) => Names[0]!)
      .filter((name) => name.includes('-job-'))
      .sort(),
  ).toEqual([`/${world.scope.app}-production-job-blue-1`, `/${world.scope.app}-production-job-green-1`]);
}, 60_000);
