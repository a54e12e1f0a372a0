import { appConfigSchema } from '../../domain/config';
import { caveatsOf } from '../../domain/plan';

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
