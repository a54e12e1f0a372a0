import { appConfigSchema } from '../../domain/config';
import { caveatsOf, stepsOf } from '../../domain/plan';
import type { Live, ReleaseRequest } from '../../domain/release';

const HAPROXY = { lossless: true, sessionsPerSlot: true, counters: true, affinity: true };

function caveats(canary: Record<string, unknown>): string[] {
  const services = { web: { image: 'w', port: 80, routes: [{ port: 80 }] } };
  const raw = { version: 1, app: 'shop', services, canary: { steps: [{ weight: 10 }], ...canary } };
  return caveatsOf(appConfigSchema.parse(raw), HAPROXY);
}

test('a canary without limits is compared with the live version, so nothing is amiss', () => {
  expect(caveats({})).toEqual([]);
});

test('a canary that is neither limited nor compared says so', () => {
  expect(caveats({ analysis: { compare: false } })).toEqual([
    'no limits are configured: the canary is judged by its health probes only',
  ]);
  expect(caveats({ analysis: { compare: false }, limits: { errorRate: 5 } })).toEqual([]);
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
