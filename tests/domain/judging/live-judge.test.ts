import type { RouterCounters } from '../../../domain/router';
import {
  isClearlyGood,
  liveVerdicts,
  observeLive,
  startLive,
  testsOf,
  type LiveSettings,
  type LiveState,
} from '../../../domain/judging/live/judge';
import { incrementBetween } from '../../../domain/judging/increment';
import { countsVerdict, observeCounts, startCounts } from '../../../domain/judging/live/counts';

const BOUNDS = [10, 20, 50, 100, 200, 500, 1_000, null];
const SETTINGS: LiveSettings = { level: 0.0017, allowedErrors: 1, allowedLatency: 1.1, slowerBy: 5, minRequests: 50 };

type Service = RouterCounters['slots']['blue'][string];
/** Counters of one service: requests by bucket of latency, and how many of them failed. */
const counters = (latency: number[], errors = 0): Service => ({
  requests: latency.reduce((sum, count) => sum + count, 0),
  errors,
  latency: BOUNDS.map((upTo, bucket) => ({ upTo, count: latency[bucket] ?? 0 })),
});
const NOTHING = counters([]);
const one = (live: Service, canary: Service, process = 'p1'): RouterCounters => ({
  process,
  slots: { blue: { backend: live }, green: { backend: canary } },
});
const START = one(NOTHING, NOTHING);

/** Every sample is that of before and as much again. */
function soak(live: number[], canary: number[], samples: number, errors = { live: 0, canary: 0 }): LiveState {
  let [state, before] = [startLive(), START];
  for (let sample = 1; sample <= samples; sample++) {
    const times = (counts: number[]): number[] => counts.map((count) => count * sample);
    const now = one(counters(times(live), errors.live * sample), counters(times(canary), errors.canary * sample));
    state = observeLive(state, incrementBetween(before, now), 'green');
    before = now;
  }
  return state;
}
const verdict = (state: LiveState, name: string, settings: Partial<LiveSettings> = {}) =>
  liveVerdicts(state, { ...SETTINGS, ...settings }).find((each) => each.name === name)!;
const label = (state: LiveState, name: string, settings: Partial<LiveSettings> = {}) =>
  verdict(state, name, settings).label;

const MANY = [0, 300, 400, 200, 80, 20];
const FEW = [0, 30, 40, 20, 8, 2];

describe('what is told', () => {
  test('more errors than the live version has, with numbers that can be checked', () => {
    const now = one(counters([0, 3_061], 21), counters([0, 340], 12));
    const found = verdict(observeLive(startLive(), incrementBetween(START, now), 'green'), 'errors backend');
    expect(found).toMatchObject({ label: 'high', critical: true });
    expect(found.reason).toBe(
      '12 of 340 requests failed (3.53 %), live: 21 of 3061 (0.686 %); p = 0.0013 at any time, below 0.0017',
    );
    expect(found.deviation).toBeCloseTo(5.14, 2);
    expect(found.shift).toBeCloseTo(12 / 340 - 21 / 3_061, 10);
    expect(found.interval!.lower).toBeGreaterThan(1);
  });

  test('that requests take longer, at the quantile where it is surest', () => {
    const found = verdict(soak(MANY, [0, 0, 20, 40, 30, 10], 5), 'latency backend');
    expect(found).toMatchObject({ label: 'high', critical: true });
    expect(found.reason).toMatch(
      /^median 87.5 ms, live: 35 ms \(2.5 times, 1.1 allowed\) of 500 and 5000 requests; p = 0.00015 at any time, below 0.0017$/,
    );
    expect(found.interval!.lower).toBeGreaterThan(1.1);
    expect(found.shift).toBeCloseTo(52.5, 5);
  });

  test('nothing where nothing differs', () => {
    const state = soak(MANY, FEW, 20, { live: 10, canary: 1 });
    expect(verdict(state, 'errors backend')).toMatchObject({ label: 'pass', critical: false, deviation: 1, shift: 0 });
    expect(verdict(state, 'latency backend')).toMatchObject({ label: 'pass', critical: false, deviation: 1, shift: 0 });
    expect(verdict(state, 'errors backend').reason).toMatch(/^20 of 2000 requests failed .* not below 0.0017$/);
  });

  test('that a single service is bad, by its name', () => {
    const services = { backend: counters(MANY, 8), frontend: counters(MANY, 8), search: counters(MANY, 8) };
    const canary = { backend: counters(FEW, 1), frontend: counters(FEW, 12), search: counters(FEW, 1) };
    const none = { backend: NOTHING, frontend: NOTHING, search: NOTHING };
    const state = observeLive(
      startLive(),
      incrementBetween(
        { process: '1', slots: { blue: none, green: none } },
        { process: '1', slots: { blue: services, green: canary } },
      ),
      'green',
    );
    const high = liveVerdicts(state, SETTINGS).filter((each) => each.label === 'high');
    expect(high.map(({ name }) => name)).toEqual(['errors frontend', 'errors all services']);
    expect(high.map(({ about }) => about)).toEqual([
      { kind: 'errors', service: 'frontend' },
      { kind: 'errors', service: null },
    ]);
    expect(liveVerdicts(state, SETTINGS)).toHaveLength(testsOf(3));
  });

  test.each([
    [
      'no requests at all',
      startLive(),
      'errors all services',
      'nodata',
      '0 requests of the new version seen, 50 needed',
    ],
    [
      'too few of the new version',
      soak(MANY, [0, 3], 2),
      'errors backend',
      'inconclusive',
      '6 requests of the new version seen, 50 needed',
    ],
    [
      'none of the live version',
      soak([], FEW, 2),
      'latency backend',
      'nodata',
      '0 requests of the live version seen, 50 needed',
    ],
    [
      'nothing but failures',
      soak(MANY, FEW, 1, { live: 1_000, canary: 100 }),
      'errors backend',
      'inconclusive',
      /^everything is bad on both sides/,
    ],
  ])('that there is too little to say: %s', (_what, state, name, wanted, reason) => {
    expect(verdict(state, name)).toMatchObject({ label: wanted, critical: false });
    expect(verdict(state, name).reason).toMatch(reason);
  });

  test('a certain difference fails also where there are fewer requests than are needed to pass', () => {
    const state = soak(MANY, [0, 5], 5, { live: 1, canary: 5 });
    expect(verdict(state, 'errors backend')).toMatchObject({ label: 'high', critical: true });
  });
});

describe('what matters', () => {
  test('a certain difference that is allowed passes', () => {
    const slower = soak(MANY, [0, 20, 40, 25, 12, 3], 10);
    expect(label(slower, 'latency backend')).toBe('high');
    expect(label(slower, 'latency backend', { allowedLatency: 2 })).toBe('pass');
    expect(label(slower, 'latency backend', { slowerBy: 1_000 })).toBe('pass');
    const worse = soak(MANY, FEW, 40, { live: 10, canary: 2 });
    expect(label(worse, 'errors backend')).toBe('high');
    expect(label(worse, 'errors backend', { allowedErrors: 3 })).toBe('pass');
  });

  test('the test itself is of more than is allowed, so that chance cannot carry it across', () => {
    let [state, before] = [startLive(1.9), START];
    for (let sample = 1; sample <= 40; sample++) {
      const now = one(counters([0, 1_000 * sample], 10 * sample), counters([0, 100 * sample], 2 * sample));
      state = observeLive(state, incrementBetween(before, now), 'green');
      before = now;
    }
    expect(label(state, 'errors backend', { allowedErrors: 1.9 })).toBe('pass');
    expect(label(soak(MANY, FEW, 40, { live: 10, canary: 2 }), 'errors backend', { allowedErrors: 1.9 })).toBe('high');
  });

  test('being faster, or failing less, is no failure', () => {
    const state = soak(FEW, [90, 10], 20, { live: 20, canary: 1 });
    expect(liveVerdicts(state, SETTINGS).map((each) => each.label)).toEqual(['pass', 'pass']);
  });

  test('a few very slow requests among many usual ones are found', () => {
    const tail = [0, 300, 400, 200, 80, 20, 0, 0];
    const found = verdict(soak(tail, [0, 30, 40, 20, 8, 0, 0, 2], 10), 'latency backend');
    expect(found.label).toBe('high');
    expect(found.reason).toMatch(/^p99(.9)? beyond the last bound/);
    expect(found.deviation).toBeNull();
  });
});

describe('evidence', () => {
  const state = soak(MANY, FEW, 3, { live: 4, canary: 1 });
  const before = one(counters(MANY, 4), counters(FEW, 1));
  const more = one(
    counters(
      MANY.map((count) => 2 * count),
      8,
    ),
    counters(
      FEW.map((count) => 2 * count),
      2,
    ),
  );

  test.each([
    ['another process', before, { ...more, process: 'p2' }, 'the router began to count anew'],
    ['counters that fell', more, before, 'counters of the router fell'],
    [
      'a service that is gone',
      before,
      { process: 'p1', slots: { blue: {}, green: {} } },
      'counters of the router fell',
    ],
  ])('of %s is missing, and this is said', (_what, from, to, reason) => {
    const after = observeLive(state, incrementBetween(from, to), 'green');
    expect(after.services).toEqual(state.services);
    expect(after.gaps).toEqual({ count: 1, last: reason });
    expect(verdict(after, 'errors backend').reason).toContain(`(1 sample was no evidence, the last: ${reason})`);
    const again = observeLive(after, incrementBetween(from, to), 'green');
    expect(verdict(again, 'latency backend').reason).toContain('(2 samples were no evidence');
  });

  test('goes on in another process from what was written down, and is bounded however long it lasts', () => {
    const read = JSON.parse(JSON.stringify(state)) as LiveState;
    expect(read).toEqual(state);
    expect(observeLive(read, incrementBetween(before, more), 'green')).toEqual(
      observeLive(state, incrementBetween(before, more), 'green'),
    );
    const long = soak(MANY, FEW, 1_000, { live: 4, canary: 1 });
    expect(JSON.stringify(long).length).toBeLessThan(2_500);
  });

  test('is neither lost nor doubled when an older state goes on with one bigger increment', () => {
    const [errors, crashed] = [soak(MANY, FEW, 8, { live: 4, canary: 1 }), soak(MANY, FEW, 3, { live: 4, canary: 1 })];
    const at = (sample: number): RouterCounters =>
      one(
        counters(
          MANY.map((count) => count * sample),
          4 * sample,
        ),
        counters(
          FEW.map((count) => count * sample),
          sample,
        ),
      );
    const resumed = observeLive(crashed, incrementBetween(at(3), at(8)), 'green');
    const [whole, merged] = [errors.services['backend']!, resumed.services['backend']!];
    expect(merged.errors.canary).toEqual(whole.errors.canary);
    expect(merged.latency.canary).toEqual(whole.latency.canary);
    // The share was the same all the time, so even the odds are.
    merged.errors.tests[0]!.logOdds.forEach((odds, index) => {
      expect(odds).toBeCloseTo(whole.errors.tests[0]!.logOdds[index]!, 8);
    });
  });

  test('is the same whichever slot the new version has', () => {
    const swapped = (counted: RouterCounters): RouterCounters => ({
      ...counted,
      slots: { blue: counted.slots.green, green: counted.slots.blue },
    });
    expect(observeLive(state, incrementBetween(swapped(before), swapped(more)), 'blue')).toEqual(
      observeLive(state, incrementBetween(before, more), 'green'),
    );
  });
});

describe('clearly good', () => {
  const good = (samples: number, errors?: { live: number; canary: number }) =>
    isClearlyGood(soak(MANY, FEW, samples, errors), SETTINGS);

  test('is what is surely not worse, and only once that is sure', () => {
    expect(good(2)).toBe(false);
    expect(good(120)).toBe(true);
    expect(good(5, { live: 10, canary: 1 })).toBe(false);
    expect(good(200, { live: 10, canary: 1 })).toBe(true);
  });

  test('is never what is worse, or slower, or has too little evidence', () => {
    expect(good(200, { live: 10, canary: 2 })).toBe(false);
    expect(isClearlyGood(soak(MANY, [0, 10, 30, 40, 18, 2], 200), SETTINGS)).toBe(false);
    expect(isClearlyGood(startLive(), SETTINGS)).toBe(false);
    expect(isClearlyGood(soak(MANY, FEW, 120), { ...SETTINGS, minRequests: 1_000_000 })).toBe(false);
  });
});

describe('a metric of counts', () => {
  const settings = { level: 0.01, minRequests: 20 };
  const counts = (bad: number, total: number) => ({ bad, total });
  const effect = { measure: 'meanRatio' as const };

  test('is judged in the direction that matters', () => {
    const increment = { baseline: counts(100, 1_000), canary: counts(10, 300) };
    const of = (direction?: 'increase' | 'decrease' | 'either') =>
      countsVerdict('hits', observeCounts(startCounts({ direction, effect }), increment), settings).label;
    expect([of(), of('increase'), of('decrease'), of('either')]).toEqual(['pass', 'pass', 'low', 'low']);
  });

  test('is only judged beyond what is allowed', () => {
    const increment = { baseline: counts(100, 1_000), canary: counts(60, 300) };
    const of = (allowedIncrease?: number) =>
      countsVerdict(
        'errors',
        observeCounts(startCounts({ effect: { ...effect, allowedIncrease } }), increment),
        settings,
      );
    expect(of()).toMatchObject({ label: 'high', critical: true, deviation: 2 });
    expect(of(1.9).label).toBe('pass');
    expect(of().reason).toMatch(/^60 of 300 \(20 %\), live: 100 of 1000 \(10 %\); p = .* below 0.01$/);
  });

  test('says how many readings were no evidence, and never passes without any', () => {
    const state = observeCounts(startCounts({ effect }), { baseline: counts(-3, 10), canary: counts(1, 30) });
    expect(countsVerdict('errors', state, settings)).toMatchObject({
      label: 'nodata',
      reason: '0 requests of the new version seen, 20 needed (1 reading was no evidence)',
    });
  });
});
