import { comparedServices, comparedWithFresh, countersOf, groupBeside, makesFresh } from '../../domain/fresh';
import { freshShare } from '../../domain/shares';
import type { SlotCounters } from '../../domain/router';
import { appConfigSchema } from '../../domain/config';
import { explain, mistakesIn } from '../../domain/config/mistakes';
import { configurationWarnings } from '../../domain/config/warnings';

const given = (canary: object, router: object = {}) => ({
  version: 1,
  app: 'shop',
  services: { backend: { image: 'shop/backend:{version}', port: 8080, routes: [{ port: 80 }] } },
  router,
  canary,
});
const config = (canary: object) => appConfigSchema.parse(given(canary));
const mistakes = (input: unknown): string[] => {
  const { error } = appConfigSchema.safeParse(input, { error: explain });
  return error ? mistakesIn(error, input).map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
};
const steps = [{ weight: 10 }, { weight: 50 }, { weight: 80 }];
const fresh = { baseline: 'fresh', steps };

test('the live slot is the baseline unless a fresh one is asked for, there are steps, and something is live', () => {
  expect(config({}).canary.baseline).toBe('live');
  expect(makesFresh(config({ steps }), false)).toBe(false);
  expect(makesFresh(config(fresh), false)).toBe(true);
  expect(makesFresh(config(fresh), true)).toBe(false);
  expect(makesFresh(config({ baseline: 'fresh' }), false)).toBe(false);
});

test('what no user reaches through the router is not compared', () => {
  const services = { ...given({}).services, api: { image: 'shop/api:{version}', port: 9090 } };
  const compared = comparedServices(appConfigSchema.parse({ ...given({}), services }));
  expect(compared).toEqual(['backend']);
  const counters: SlotCounters = { requests: 1, errors: 0, latency: [] };
  const slots = { blue: { backend: counters, api: counters }, green: { api: counters } };
  expect(countersOf({ process: '1', slots }, compared)).toEqual({
    process: '1',
    slots: { blue: { backend: counters }, green: {} },
  });
});

test('a version is compared with the fresh baseline while both versions have traffic', () => {
  expect([1, 50, 99].map((share) => groupBeside(config(fresh), 'green', share))).toEqual([
    'baseline',
    'baseline',
    'baseline',
  ]);
  expect([0, 100].map((share) => groupBeside(config(fresh), 'green', share))).toEqual(['blue', 'blue']);
  expect(groupBeside(config({ steps }), 'blue', 10)).toBe('green');
});

test('it gets as much as the new version, and no more than the old one has', () => {
  expect([1, 10, 50, 80, 99].map(freshShare)).toEqual([1, 10, 50, 20, 1]);
});

test('its counters stand in place of the live slot’s, and a service that it does not run shows nothing', () => {
  const of = (requests: number): SlotCounters => ({ requests, errors: 1, latency: [] });
  const nothing = { requests: 0, errors: 0, unanswered: 0, latency: [] };
  const slots = { blue: { web: of(900), added: of(0) }, green: { web: of(10), added: of(10) } };
  const compared = { green: slots.green, blue: { web: of(11), added: nothing } };
  expect(comparedWithFresh({ process: '1', slots, baseline: { web: of(11) } }, 'green')).toEqual({
    process: '1',
    slots: compared,
  });
  expect(comparedWithFresh({ process: '1', slots }, 'green').slots.blue).toEqual({ web: nothing, added: nothing });
});

test('it is refused with a router that does not count it, and for queries that cannot tell it from the live slot', () => {
  expect(mistakes(given(fresh, { kind: 'nginx' }))).toEqual([
    'canary.baseline: expected `live` with nginx, which counts no requests by version: use `router.kind: haproxy`, or leave it out',
  ]);
  const prometheus = (query: string) => ({ name: 'm', prometheus: { url: 'http://p:9090', query } });
  const measured = (query: string) => given({ ...fresh, analysis: { metrics: [prometheus(query)] } });
  expect(mistakes(measured('up{version="{{version}}"}'))).toEqual([
    'canary.analysis.metrics.0.prometheus.query: expected {{slot}} in it because of `canary.baseline: fresh`, as live version and baseline answer the same otherwise',
  ]);
  expect(mistakes(measured('up{slot="{{slot}}"}'))).toEqual([]);
});

test('it is warned of where it has no effect', () => {
  const warnings = (canary: object) => configurationWarnings(config(canary)).filter((one) => one.includes('baseline'));
  expect(warnings({ baseline: 'fresh' })).toEqual(['canary.baseline: fresh has no effect without canary.steps']);
  expect(warnings(fresh)).toEqual([]);
});
