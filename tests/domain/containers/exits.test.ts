import { appConfigSchema } from '../../../domain/config';
import { endsText, judgeExits, watchedOf, type Ran } from '../../../domain/containers/exits';
import { judgeContainers, watch, withContainers } from '../../../domain/judging/soak/exits';

const ran = (more: Partial<Ran> = {}): Ran => ({
  ...{ service: 'web', container: 'web-green-1', id: 'a', state: 'running', startedAt: 100, restarts: 0 },
  ...more,
});
const servicesWith = (web: object = {}) =>
  appConfigSchema.parse({ version: 1, app: 'fx', services: { web: { image: 'w', port: 80, ...web } } }).services;
const problem = (now: Ran[], web: object = {}, before = [ran()]): string | undefined =>
  judgeExits(watchedOf(before), now, servicesWith(web)).problem;

describe('a container of the new version', () => {
  it('that has run since it was healthy is no problem', () => {
    expect(judgeExits(watchedOf([ran()]), [ran()], servicesWith())).toEqual({ containers: [], tolerated: '' });
  });

  it.each([
    ['was started again between two looks', ran({ restarts: 1, startedAt: 200 }), 'ended once and was started again'],
    [
      'is about to be started again',
      ran({ state: 'restarting', restarts: 2, exitCode: 1 }),
      'ended 2 times with exit code 1',
    ],
    ['was started again by hand, which sets the count of the engine to zero', ran({ startedAt: 200 }), 'ended once'],
    ['ended with 0, as no server should', ran({ state: 'exited', exitCode: 0 }), 'ended with exit code 0'],
    ['was ended by the kernel', ran({ state: 'exited', exitCode: 137, outOfMemory: true }), '137 for want of memory'],
    ['was paused', ran({ state: 'paused' }), 'is paused'],
    ['was made anew under its name', ran({ id: 'b' }), 'is another container by now'],
    ['is unhealthy by its HEALTHCHECK', ran({ health: 'unhealthy' }), 'is unhealthy, says its HEALTHCHECK'],
  ])('fails it when it %s [proves 4]', (_, now, expected) => {
    expect(problem([now])).toContain(expected);
  });

  it('fails it when it is gone [proves 4]', () => {
    expect(problem([])).toContain('web-green-1 is gone: somebody removed it');
  });

  it('is judged by its endpoints alone where it has some', () => {
    const health = { endpoints: [{ path: '/health' }] };
    expect(problem([ran({ health: 'unhealthy' })], { health })).toBeUndefined();
  });

  it('may end as often as its service is allowed, all its replicas together, and what is down is never tolerated [proves 4]', () => {
    const two = [ran(), ran({ container: 'web-green-2', id: 'b' })];
    const once = [ran({ restarts: 1 }), ran({ container: 'web-green-2', id: 'b' })];
    const twice = [ran({ restarts: 1 }), ran({ container: 'web-green-2', id: 'b', restarts: 1 })];
    const health = { restarts: 1 };
    expect(problem(once, { health }, two)).toBeUndefined();
    expect(judgeExits(watchedOf(two), once, servicesWith({ health })).tolerated).toContain('web-green-1 ended once');
    expect(problem(twice, { health }, two)).toContain('services.web.health.restarts allows 1');
    expect(problem([ran({ state: 'exited' })], { health })).toBeDefined();
  });

  it('counts from the moment at which it was healthy: what it took to get there is forgiven', () => {
    const late = ran({ restarts: 2, startedAt: 300 });
    expect(problem([late], {}, [late])).toBeUndefined();
  });
});

it('a job that runs to its end, and what was not started yet, are not watched [proves 3]', () => {
  expect(watchedOf([ran({ run: 'once' }), ran({ state: 'created', startedAt: undefined })])).toEqual([]);
});

describe('a soak', () => {
  const judgement = { verdict: 'pass', reason: 'no limits configured' } as const;
  const watched = watch(undefined, watchedOf([ran()]), [], [ran({ container: 'web-blue-1', id: 'o' })]);
  const old = (more: Partial<Ran> = {}) => ran({ container: 'web-blue-1', id: 'o', ...more });

  it('without any limit says what it watched [proves 4]', () => {
    const containers = judgeContainers(watched, [ran()], [old()], servicesWith());
    expect(withContainers(judgement, containers, 15_000)).toEqual({
      verdict: 'pass',
      reason: 'no limits configured; no container ended in 15 s',
    });
  });

  it('fails a version whose container ended, whatever else it shows [proves 4]', () => {
    const containers = judgeContainers(watched, [ran({ restarts: 4 })], [old()], servicesWith());
    expect(withContainers(judgement, containers, 1)).toMatchObject({
      verdict: 'fail',
      reason: expect.stringContaining('web-green-1 ended 4 times') as string,
    });
  });

  it('does not blame the new version for restarts of the old one, and says them [proves 4]', () => {
    const containers = judgeContainers(watched, [ran()], [old({ restarts: 3 })], servicesWith());
    expect(withContainers(judgement, containers, 1_000)).toEqual({
      verdict: 'pass',
      reason:
        'no limits configured; no container ended; of the old version web-blue-1 ended 3 times and was started again in 1 s',
    });
    expect(endsText(watched.beside, [])).toBe('web-blue-1 is gone: somebody removed it');
  });

  it('that could not look at the containers does not pass [proves 4]', () => {
    const unknown = { unknown: 'no engine answers', note: '' };
    expect(withContainers(judgement, unknown, 1)).toMatchObject({ verdict: 'inconclusive' });
    const bad = { verdict: 'fail', reason: 'error rate 9 %' } as const;
    expect(withContainers(bad, unknown, 1)).toEqual(bad);
  });

  it('goes on with those that were watched before, when nobody says how they began', () => {
    const later = watch(watched, undefined, [ran({ restarts: 5 })], []);
    expect(later).toEqual(watched);
  });
});
