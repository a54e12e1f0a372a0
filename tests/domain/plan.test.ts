import { appConfigSchema } from '../../domain/config';
import { caveatsOf, stepsOf } from '../../domain/plan';
import type { Live } from '../../domain/release';
import type { ReleaseRequest } from '../../domain/request';
import { ROUTERS, type RouterCapabilities } from '../../domain/router';

const HAPROXY = ROUTERS.haproxy.capabilities;

function caveats(canary: Record<string, unknown>, router: Partial<RouterCapabilities> = {}): string[] {
  const services = { web: { image: 'w', port: 80, routes: [{ port: 80 }] } };
  const raw = { version: 1, app: 'shop', services, canary: { steps: [{ weight: 10 }], ...canary } };
  return caveatsOf(appConfigSchema.parse(raw), { ...HAPROXY, ...router });
}

test('a canary without limits is compared with the live version, so nothing is amiss', () => {
  expect(caveats({})).toEqual([]);
});

test('a canary that is neither limited nor compared says so', () => {
  expect(caveats({ analysis: { compare: false } })).toEqual([
    'nothing judges the canary but that its containers keep running: no limits are configured, and nothing is compared',
  ]);
  expect(caveats({ analysis: { compare: false }, limits: { errorRate: 5 } })).toEqual([]);
});

test('nginx says what it cannot promise, and which router can', () => {
  const services = { web: { image: 'w', port: 80, routes: [{ port: 80 }] } };
  const limits = { healthFailures: 3 };
  const raw = { version: 1, app: 'shop', services, canary: { steps: [{ weight: 10 }], limits } };
  const config = appConfigSchema.parse({ ...raw, router: { kind: 'nginx' } });
  expect(caveatsOf(config, ROUTERS.nginx.capabilities)).toEqual([
    'nginx breaks some connections when traffic moves; haproxy breaks none',
    'nginx does not know requests in flight by slot: drain waits for its old workers instead',
    'nginx does not count by slot: only probes, metrics and containers that end are judged',
  ]);
});

test('a drain that cannot know when it is done says how long it waits', () => {
  expect(caveats({}, { sessions: 'unknown' })).toEqual([
    'haproxy does not know requests in flight: drain cannot tell when it is done, and waits all of its 30 s',
  ]);
});

test('steps that a router makes up of replicas are said to come only near', () => {
  const steps = [{ weight: 5 }, { weight: 25 }, { weight: 100 }];
  expect(caveats({ steps }, { shares: 'by replicas' })).toEqual([
    'haproxy shares traffic by replicas: steps of 5 %, 25 % come only as near as the number of replicas allows',
  ]);
  expect(caveats({ steps: [] }, { shares: 'by replicas' })).toEqual([]);
});

test('a fresh baseline is planned where something is live, with its undo', () => {
  const services = { web: { image: 'w', port: 80, routes: [{ port: 80 }] } };
  const canary = { baseline: 'fresh', steps: [{ weight: 10, soak: '1m' }] };
  const config = appConfigSchema.parse({ version: 1, app: 'shop', services, canary });
  const request = { config, version: '1.1.0', options: {} } as ReleaseRequest;
  const live: Live = { slot: 'blue', version: '1.0.0', releaseId: 'r1', images: [], identity: 'i' };
  const planned = (given: Live | null) => stepsOf(request, 'green', given, []).find(({ phase }) => phase === 'canary');
  expect(planned(live)).toEqual({
    phase: 'canary',
    does: '10 % for 1 min, compared with a fresh baseline of 1.0.0',
    undo: 'all traffic to blue (1.0.0), remove the fresh baseline',
  });
  expect(planned(null)?.undo).toBe('–');
});

test('what nothing judges is planned as not judged', () => {
  const services = { web: { image: 'w', port: 80, routes: [{ port: 80 }] } };
  const live: Live = { slot: 'blue', version: '1.0.0', releaseId: 'r1', images: [], identity: 'i' };
  const planned = (more: object, given: Live | null = live): Record<string, string> => {
    const config = appConfigSchema.parse({ version: 1, app: 'shop', services, bake: { soak: '5m' }, ...more });
    const steps = stepsOf({ config, version: '1.1.0', options: {} } as ReleaseRequest, 'green', given, []);
    return Object.fromEntries(steps.map(({ phase, does }) => [phase, does]));
  };
  const canary = { steps: [{ weight: 10, soak: '1m' }] };
  expect(planned({})).toMatchObject({ bake: 'watch for 5 min, not judged: no limits configured' });
  expect(planned({ canary })).toMatchObject({ canary: '10 % for 1 min', bake: 'watch for 5 min' });
  expect(planned({ canary }, null)).toMatchObject({ bake: 'watch for 5 min, not judged: no limits configured' });
  expect(planned({ bake: { soak: '5m', limits: { errorRate: 5 } } })).toMatchObject({ bake: 'watch for 5 min' });
  expect(planned({ canary, router: { kind: 'nginx' } })).toMatchObject({
    canary: '10 % for 1 min, not judged: no limits configured',
    bake: 'watch for 5 min, not judged: no limits configured',
  });
  expect(planned({ canary: { ...canary, limits: { healthFailures: 3 } }, router: { kind: 'nginx' } })).toMatchObject({
    canary: '10 % for 1 min',
    bake: 'watch for 5 min',
  });
});
