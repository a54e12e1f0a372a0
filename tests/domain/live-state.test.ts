import { appConfigSchema } from '../../domain/config';
import { isAlive, liveState, liveText, type Seen, type Serving } from '../../domain/live-state';
import type { Live } from '../../domain/release';

const image = (service: string) => ({ service, reference: service, digest: 'sha256:1', size: 1 });
const live: Live = {
  slot: 'blue',
  version: '1.0.0',
  releaseId: 'r1',
  images: ['web', 'api', 'job', 'seed'].map(image),
  identity: 'i',
};
const { services } = appConfigSchema.parse({
  version: 1,
  app: 'shop',
  services: {
    web: { image: 'w', port: 80, routes: [{ port: 80 }] },
    api: { image: 'a', port: 80, routes: [{ port: 81 }] },
    job: { image: 'j', traffic: 'none', run: 'live-only' },
    seed: { image: 's', traffic: 'none', run: 'once' },
  },
});
const NOW = 1_000_000_000;
const one = (service: string, more: Partial<Seen> = {}): Seen => ({
  ...{ service, container: `${service}-blue-1`, id: service, releaseId: 'r1', version: '1.0.0' },
  ...{ state: 'running', startedAt: 1, restarts: 0 },
  ...more,
});
const JOB = one('job', { run: 'live-only' });
const SEED = one('seed', { run: 'once', state: 'exited', exitCode: 0 });
const found = (blue: Seen[], more: Partial<Serving> = {}) =>
  liveState(live, { slots: { blue, green: [] }, share: 0, routerRuns: true, failed: [], now: NOW, ...more }, services);

test('a version of which all runs serves, and its job that ran to its end is no loss, gone or not [proves 2, 3]', () => {
  const all = [one('web'), one('api'), JOB];
  for (const blue of [all, [...all, SEED]])
    expect(found(blue)).toEqual({ condition: 'serving', detail: '', down: [], loops: [] });
});

test('one service of several that is down or gone makes it dead, since its visitors get errors [proves 2]', () => {
  const down = one('api', { state: 'exited', exitCode: 137, outOfMemory: true });
  const dead = found([one('web'), down, JOB]);
  expect(dead).toMatchObject({ condition: 'dead', down: ['api-blue-1'] });
  expect(dead.detail).toBe('api-blue-1 ended with exit code 137 for want of memory');
  expect(found([one('web'), JOB])).toMatchObject({ condition: 'dead', detail: 'no container of api' });
});

test('a worker that is dead leaves it serving, and is named [proves 2]', () => {
  const worker = found([one('web'), one('api'), { ...JOB, state: 'exited', exitCode: 1 }]);
  expect(worker).toMatchObject({ condition: 'impaired', down: ['job-blue-1'] });
  expect(isAlive(worker)).toBe(true);
});

test('a container that the engine has just started again for the third time is not taken for alive [proves 2]', () => {
  const looping = one('web', { restarts: 3, startedAt: NOW - 2_000 });
  expect(found([looping, one('api'), JOB])).toMatchObject({ condition: 'dead', loops: ['web-blue-1'], down: [] });
  const recovered = { ...looping, startedAt: NOW - 3_600_000 };
  expect(found([recovered, one('api'), JOB]).condition).toBe('serving');
});

test('a router that does not run is started by the release, and its live version still counts [proves 2]', () => {
  const state = found([one('web'), one('api'), JOB], { share: undefined, routerRuns: false });
  expect(state).toMatchObject({ condition: 'impaired', detail: 'the router does not run' });
});

test('an app of workers alone is dead when all of them are [proves 2]', () => {
  const workers = { ...live, images: [image('job')] };
  const serving = (job: Seen): Serving => ({
    ...{ slots: { blue: [job], green: [] }, share: undefined, routerRuns: true, failed: [], now: NOW },
  });
  expect(liveState(workers, serving({ ...JOB, state: 'exited' }), services).condition).toBe('dead');
  expect(liveState(workers, serving(JOB), services).condition).toBe('impaired');
});

test('dead and foreign are told apart in words [proves 2]', () => {
  expect(liveText(live, found([]))).toBe('1.0.0 is live in blue, but does not serve: no container in blue');
  expect(liveText(live, found([one('web', { releaseId: 'r9' })]))).toBe(
    '1.0.0 is live in blue, says the ledger; seen web-blue-1 (1.0.0, running, release r9)',
  );
});
