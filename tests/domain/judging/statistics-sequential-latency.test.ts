import { observe, startSequential } from '../../../domain/judging/statistics/sequential';
import {
  jointLatencyPValue,
  observeLatency,
  startLatency,
  type LatencyIncrement,
  type LatencyState,
} from '../../../domain/judging/statistics/sequential-latency';
import { seeded } from '../../support/seeded';

const BOUNDS = [10, 100, null];
const random = seeded(3);
const whole = (below: number): number => Math.floor(random() * below);
const counts = (most: number): number[] => BOUNDS.map(() => whole(most));
const increment = (baseline: number[], canary: number[], bounds: (number | null)[] = BOUNDS): LatencyIncrement => ({
  bounds,
  baseline,
  canary,
});
const seen = (...increments: LatencyIncrement[]): LatencyState => increments.reduce(observeLatency, startLatency());

/** Every way in which `requests` can fall into buckets, with how likely that is. */
function outcomes(requests: number, parts: number[]): { counts: number[]; probability: number }[] {
  if (parts.length === 1) return [{ counts: [requests], probability: parts[0]! ** requests }];
  return Array.from({ length: requests + 1 }, (_, first) =>
    outcomes(requests - first, parts.slice(1)).map((rest) => ({
      counts: [first, ...rest.counts],
      probability: rest.probability * parts[0]! ** first * choose(requests, first),
    })),
  ).flat();
}

function choose(all: number, some: number): number {
  return some === 0 ? 1 : (choose(all - 1, some - 1) * all) / some;
}

/** The expected factor by which each of the odds changes, over everything that can happen. */
function expectedOdds(state: LatencyState, sizes: { baseline: number; canary: number }, parts: number[]): number[] {
  const expected = state.logOdds.map(() => 0);
  for (const baseline of outcomes(sizes.baseline, parts)) {
    for (const canary of outcomes(sizes.canary, parts)) {
      const after = observeLatency(state, increment(baseline.counts, canary.counts));
      after.logOdds.forEach((odds, index) => {
        expected[index]! += baseline.probability * canary.probability * Math.exp(odds - state.logOdds[index]!);
      });
    }
  }
  return expected;
}

test('where nothing differs no odds grow on average, whatever was seen before and whatever the share', () => {
  for (let world = 0; world < 25; world++) {
    const state = seen(increment(counts(30), counts(5)), increment(counts(200), counts(90)));
    const weights = BOUNDS.map(() => random() ** 3);
    const parts = weights.map((weight) => weight / weights.reduce((sum, one) => sum + one, 0));
    const odds = expectedOdds(state, { baseline: 1 + whole(5), canary: 1 + whole(5) }, parts);
    expect(Math.max(...odds)).toBeLessThanOrEqual(1 + 1e-9);
  }
});

test('where nothing differs they hardly shrink either, so that little is lost before something is found', () => {
  const parts = [0.55, 0.4, 0.05];
  const state = seen(increment([550, 400, 50], [0, 0, 0]));
  const odds = expectedOdds(state, { baseline: 9, canary: 1 }, parts);
  expect(Math.min(...odds)).toBeGreaterThan(0.99);
  expect(Math.max(...odds)).toBeLessThanOrEqual(1 + 1e-9);
});

test('one moment in which everything stood still is not enough, however many requests it held up', () => {
  const state = seen(increment([500, 400, 10], [50, 40, 1]));
  expect(observeLatency(state, increment([500, 400, 10], [0, 0, 5_000])).pValue).toBeGreaterThan(0.05);
});

test('where the canary is slower they grow', () => {
  const state = seen(increment([500, 400, 10], [50, 40, 1]));
  const moment = increment([500, 400, 10], [20, 50, 20]);
  const slower = Array.from({ length: 10 }, () => moment).reduce(observeLatency, state);
  expect(slower.pValue).toBeLessThan(1e-6);
  expect(observeLatency(state, increment([500, 400, 10], [80, 10, 0])).pValue).toBeCloseTo(1, 8);
});

test('the unit does not matter', () => {
  const steps = Array.from({ length: 20 }, () => [counts(100), counts(30)] as const);
  const inUnit = (unit: number): LatencyState =>
    seen(
      ...steps.map(([baseline, canary]) =>
        increment(
          baseline,
          canary,
          BOUNDS.map((bound) => bound && bound * unit),
        ),
      ),
    );
  const [ms, seconds] = [inUnit(1), inUnit(0.001)];
  ms.logOdds.forEach((odds, index) => expect(seconds.logOdds[index]).toBeCloseTo(odds, 8));
});

test('nothing is bet before anything was seen, nor on one side alone', () => {
  const first = seen(increment([100, 10, 1], [0, 0, 50]));
  expect(first.pValue).toBeCloseTo(1, 8);
  const alone = observeLatency(
    observeLatency(first, increment([0, 0, 0], [0, 0, 50])),
    increment([50, 0, 0], [0, 0, 0]),
  );
  expect(alone.logOdds).toEqual(first.logOdds);
  expect(alone.canary).toEqual([0, 0, 100]);
});

test('other buckets begin anew without forgetting what was found', () => {
  const before = seen(increment([500, 400, 10], [50, 40, 1]), increment([500, 400, 10], [20, 50, 20]));
  const after = observeLatency(before, increment([90, 10], [9, 1], [50, null]));
  expect(after).toEqual({ ...before, bounds: [50, null], baseline: [90, 10], canary: [9, 1] });
});

test('small differences of several services add up, also of different sizes', () => {
  const slower = (scale: number): LatencyState =>
    seen(
      increment([500 * scale, 400 * scale, 100 * scale], [50, 40, 10]),
      increment([500 * scale, 400 * scale, 100 * scale], [36, 46, 18]),
    );
  const [one, other] = [slower(1), slower(4)];
  expect(jointLatencyPValue([one, other])).toBeLessThan(Math.min(one.pValue, other.pValue) / 3);
  expect(jointLatencyPValue([])).toBeCloseTo(1, 8);
});

test('for rates too no odds grow on average, at the very rate that is allowed', () => {
  for (let world = 0; world < 60; world++) {
    const [direction, against] = [(['increase', 'decrease'] as const)[world % 2]!, [0.5, 1, 1.5, 3][world % 4]!];
    const rate = (0.9 * random()) / Math.max(1, against);
    const [live, canary] = [1 + whole(12), 1 + whole(12)];
    const state = startSequential(direction, against);
    const expected = state.logOdds.map(() => 0);
    for (const baseline of outcomes(live, [rate, 1 - rate])) {
      for (const other of outcomes(canary, [rate * against, 1 - rate * against])) {
        const bad = (counted: number[], total: number) => ({ bad: counted[0]!, total });
        const after = observe(state, { baseline: bad(baseline.counts, live), canary: bad(other.counts, canary) });
        after.logOdds.forEach((odds, index) => {
          expected[index]! += baseline.probability * other.probability * Math.exp(odds);
        });
      }
    }
    expect(Math.max(...expected)).toBeLessThanOrEqual(1 + 1e-9);
  }
});
