import {
  liveVerdicts,
  observeLive,
  startLive,
  testsOf,
  type LiveSettings,
  type LiveState,
} from '../../../domain/judging/live/judge';
import { incrementBetween } from '../../../domain/judging/increment';
import { observeNotSlower, startNotSlower } from '../../../domain/judging/live/not-slower';
import { binomial, mostByChance, seeded } from '../../support/seeded';
import { Router, Traffic, type Change, type TrafficSettings } from '../../support/canary-traffic';

/* Canaries made up by the hundred; bench/judge.ts has the larger ones. */

const LEVEL = 0.01;
const RUNS = 300;
const SERVICE: Omit<TrafficSettings, 'seed'> = { latency: 'usual', errorRate: 0.01, requests: 60, varying: true };

interface Canary {
  services: Record<string, Omit<TrafficSettings, 'seed'>>;
  seed: number;
  looks: number;
  /** By service. */
  changes?: Record<string, Change>;
}

interface End {
  /** Samples until the alarm; Infinity without one. */
  after: number;
  /** What failed. */
  names: string[];
  /** Whether a test that is made for a single look would have failed it at one of the samples. */
  naive: boolean;
  state: LiveState;
}

/** Judges after every sample, as a soak does. */
function judged({ services, seed, looks, changes = {} }: Canary): End {
  const settings: LiveSettings = {
    level: LEVEL / testsOf(Object.keys(services).length),
    allowedErrors: 1,
    allowedLatency: 1.1,
    slowerBy: 5,
    minRequests: 50,
  };
  const traffic = Object.entries(services).map(
    ([name, service], index) => [name, new Traffic({ ...service, seed: seed * 10 + index })] as const,
  );
  const router = new Router();
  traffic.forEach(([name, each]) => router.add(name, each.next(0.1)));
  let [state, before] = [startLive(), router.counted()];
  let naive = false;
  for (let after = 1; after <= looks; after++) {
    traffic.forEach(([name, each]) => router.add(name, each.next(after < looks / 2 ? 0.1 : 0.5, changes[name])));
    const now = router.counted();
    state = observeLive(state, incrementBetween(before, now), 'green');
    before = now;
    naive ||= isDifferentAtOneLook(state);
    if (!isCertain(state, settings)) continue;
    const names = liveVerdicts(state, settings)
      .filter(({ label }) => label === 'high')
      .map(({ name }) => name);
    if (names.length > 0) return { after, names, naive, state };
  }
  return { after: Infinity, names: [], naive, state };
}

/** Without this there can be no alarm; it saves the time of asking. */
function isCertain({ services, together }: LiveState, { level }: LiveSettings): boolean {
  const single = Object.values(services).flatMap(({ errors, latency }) => [errors.tests[0]!.pValue, latency.pValue]);
  return Math.min(together.errors, together.latency, ...single) <= level;
}

/** The usual test of two rates at this level, in one direction: sound for a single look only. */
function isDifferentAtOneLook({ services }: LiveState): boolean {
  return Object.values(services).some(({ errors: { baseline, canary } }) => {
    const all = (baseline.bad + canary.bad) / (baseline.total + canary.total);
    const error = Math.sqrt(all * (1 - all) * (1 / baseline.total + 1 / canary.total));
    return canary.bad / canary.total - baseline.bad / baseline.total > 2.326 * error;
  });
}

const many = (count: number, canary: Omit<Canary, 'seed'>): End[] =>
  Array.from({ length: count }, (_, index) => judged({ ...canary, seed: index + 1 }));

test('of 300 canaries that are as good, hardly more than 1 % are failed, whatever their errors and latencies', () => {
  const kinds = [
    SERVICE,
    { ...SERVICE, latency: 'cached', errorRate: 0.001 },
    { ...SERVICE, latency: 'skewed', errorRate: 0.2 },
    { ...SERVICE, requests: 8, errorRate: 0.05 },
    { ...SERVICE, latency: 'skewed', requests: 120 },
  ] as const;
  const ends = kinds.flatMap((service) => many(60, { services: { backend: service }, looks: 32 }));
  // A right method fails with a probability of less than 1 in 1,000; one that fails 10 % passes in 1 of 100,000.
  expect(ends.filter(({ after }) => after < Infinity).length).toBeLessThanOrEqual(mostByChance(ends.length, LEVEL));
  // The same canaries would show a test that looks too often for what it is.
  const naive = ends.filter((end) => end.naive).length / ends.length;
  expect(naive).toBeGreaterThan(5 * LEVEL);
});

test.each<[string, Change, RegExp, number]>([
  ['twice the errors', { errors: 2 }, /^errors/, 3_500],
  ['30 % more latency', { latency: 1.3 }, /^latency/, 1_000],
  ['1 % of requests that now take 5 s', { tail: { part: 0.01, ms: 5_000 } }, /^latency/, 2_500],
])('%s are found', (_what, change, name, requests) => {
  const service = { ...SERVICE, requests: 300 };
  const ends = many(25, { services: { backend: service }, looks: 150, changes: { backend: change } });
  expect(ends.every(({ names }) => names.some((each) => name.test(each)))).toBe(true);
  const seen = ends.map(({ state }) => state.services['backend']!.errors.canary.total).sort((a, b) => a - b);
  expect(seen[12]).toBeLessThan(requests);
});

test('one bad service among three is found and named', () => {
  const services = { frontend: SERVICE, backend: SERVICE, search: { ...SERVICE, latency: 'skewed' as const } };
  for (const { names } of many(15, { services, looks: 120, changes: { backend: { errors: 4 } } })) {
    expect(names).toContain('errors backend');
    expect(names.filter((name) => !/backend|all services/.test(name))).toEqual([]);
  }
});

test('a canary that is a little slower than is allowed to matter passes, however long one looks', () => {
  const ends = many(30, { services: { backend: SERVICE }, looks: 100, changes: { backend: { latency: 1.03 } } });
  expect(ends.filter(({ after }) => after < Infinity).length).toBeLessThanOrEqual(2);
});

test('a canary that is slower by just one bucket is hardly ever called not slower', () => {
  const bounds = [10, 20, 50, 100, 200, 500, null];
  const parts = [0.1, 0.3, 0.6, 0.85, 0.97];
  const random = seeded(6);
  const drawn = (requests: number, slower: number): number[] => {
    const counts = bounds.map(() => 0);
    let [left, below] = [requests, 0];
    [...parts, 1].forEach((part, bucket) => {
      const seen = part === 1 ? left : binomial(left, (part - below) / (1 - below), random);
      counts[bucket + slower]! += seen;
      [left, below] = [left - seen, part];
    });
    return counts;
  };
  const found = (slower: number): Record<'usual' | 'slow', number> => {
    const times = { usual: 0, slow: 0 };
    for (let run = 0; run < RUNS; run++) {
      let [state, seen] = [startNotSlower(), drawn(100, 0)];
      for (let look = 0; look < 40; look++) {
        const baseline = drawn(60, 0);
        const increment = { bounds, baseline, canary: drawn(20, slower) };
        state = observeNotSlower(state, { bounds, baseline: seen, canary: [] }, increment);
        seen = seen.map((count, bucket) => count + baseline[bucket]!);
      }
      for (const test of ['usual', 'slow'] as const) if (state[test].pValue <= 0.05) times[test]++;
    }
    return times;
  };
  // A right method fails with a probability of less than 1 in 1,000; one that errs in 20 % passes in 4 of 10 million.
  const [slower, equal] = [found(1), found(0)];
  for (const test of ['usual', 'slow'] as const) {
    expect(slower[test]).toBeLessThanOrEqual(mostByChance(RUNS, 0.05));
    expect(equal[test]).toBeGreaterThan(0.9 * RUNS);
  }
});
