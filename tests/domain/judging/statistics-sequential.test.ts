import {
  jointPValue,
  observe,
  pValueOfRate,
  startSequential,
  type Direction,
} from '../../../domain/judging/statistics/sequential';
import { binomial, mostByChance, seeded } from '../../support/seeded';

const LEVEL = 0.05;
/**
 * A right method fails with a probability of less than 1 in 1,000. One that alarms in a fifth of the runs, as looking 60
 * times at a test for one look does and more, passes in 2 of 10,000.
 */
const RUNS = 200;

interface Canary {
  direction: Direction;
  ratio: number;
  seed: number;
  rate?: number;
  against?: number;
}

/** Looks after every 200 requests, of which the canary gets a growing share; tells after how many it alarmed. */
function alarmAfter({ direction, ratio, seed, rate = 0.05, against }: Canary, looks: number): number {
  const random = seeded(seed);
  let state = startSequential(direction, against);
  for (let look = 1; look <= looks; look++) {
    const total = look < looks / 3 ? 20 : 100;
    const canary = { bad: binomial(total, rate * ratio, random), total };
    const baseline = { bad: binomial(200 - total, rate, random), total: 200 - total };
    state = observe(state, { baseline, canary });
    if (state.pValue <= LEVEL) return look * 200;
  }
  return Infinity;
}

const runs = (count: number, canary: Omit<Canary, 'seed'>, looks: number): number[] =>
  Array.from({ length: count }, (_, seed) => alarmAfter({ ...canary, seed: seed + 1 }, looks));

test.each<[Direction, number, number]>([
  ['increase', 0.05, 1],
  ['decrease', 0.05, 1],
  ['either', 0.05, 1],
  ['either', 0.5, 1],
  ['increase', 0.05, 1.5],
  ['decrease', 0.05, 1.5],
  ['decrease', 0.05, 0.5],
])(
  'looking 60 times for an %s alarms falsely no more often than the level, at a rate of %d against %d times',
  (direction, rate, against) => {
    const alarms = runs(RUNS, { direction, ratio: against, rate, against }, 60).filter((after) => after < Infinity);
    expect(alarms.length).toBeLessThanOrEqual(mostByChance(RUNS, LEVEL));
  },
);

test('twice the errors are found, and long before the end', () => {
  const after = runs(100, { direction: 'increase', ratio: 2 }, 100).sort((a, b) => a - b);
  expect(after[99]).toBeLessThan(Infinity);
  expect(after[50]).toBeLessThan(10_000);
});

test('what is allowed is not found, what is more than that is', () => {
  const more = { direction: 'increase', against: 1.5 } as const;
  expect(Math.min(...runs(20, { ...more, ratio: 1.4 }, 60))).toBe(Infinity);
  expect(Math.max(...runs(20, { ...more, ratio: 4 }, 100))).toBeLessThan(Infinity);
});

test('a canary that is as good is shown to be not 1.5 times worse', () => {
  const after = runs(40, { direction: 'decrease', against: 1.5, ratio: 1 }, 150).sort((a, b) => a - b);
  expect(after[20]).toBeLessThan(Infinity);
});

test('the directions mirror each other', () => {
  const [some, many] = [
    { bad: 10, total: 500 },
    { bad: 40, total: 700 },
  ];
  const more = observe(startSequential('increase', 1.2), { baseline: some, canary: many });
  const less = observe(startSequential('decrease', 1 / 1.2), { baseline: many, canary: some });
  expect(less.pValue).toBeCloseTo(more.pValue, 12);
});

test('increments may be merged and come in any order while the share stays, and the odds are the same', () => {
  const steps = [3, 0, 7, 2].map((bad, index) => ({
    baseline: { bad: 5 + index, total: 900 },
    canary: { bad, total: 100 },
  }));
  const all = { baseline: { bad: 26, total: 3_600 }, canary: { bad: 12, total: 400 } };
  const [one, other] = [steps, [...steps].reverse()].map((each) => each.reduce(observe, startSequential('increase')));
  observe(startSequential('increase'), all).logOdds.forEach((odds, index) => {
    expect(one!.logOdds[index]).toBeCloseTo(odds, 8);
    expect(other!.logOdds[index]).toBeCloseTo(odds, 8);
  });
});

test('small differences of several services add up, whatever the share of each', () => {
  const states = [
    observe(startSequential('increase'), { baseline: { bad: 20, total: 1_000 }, canary: { bad: 8, total: 200 } }),
    observe(startSequential('increase'), { baseline: { bad: 40, total: 9_000 }, canary: { bad: 24, total: 3_000 } }),
  ];
  expect(jointPValue(states)).toBeLessThan(Math.min(...states.map(({ pValue }) => pValue)) / 2);
  expect(jointPValue([])).toBe(1);
});

test('a rate is surely low once enough went well', () => {
  expect(pValueOfRate({ bad: 0, total: 1_000 }, 0.001)).toBeGreaterThan(0.1);
  expect(pValueOfRate({ bad: 0, total: 8_000 }, 0.001)).toBeLessThan(0.01);
  expect(pValueOfRate({ bad: 8, total: 8_000 }, 0.001)).toBeGreaterThan(0.1);
  expect(pValueOfRate({ bad: 0, total: 0 }, 0.001)).toBe(1);
});

test('only the direction that matters alarms', () => {
  expect(Math.min(...runs(20, { direction: 'increase', ratio: 0.3 }, 60))).toBe(Infinity);
  expect(Math.max(...runs(20, { direction: 'decrease', ratio: 0.3 }, 100))).toBeLessThan(Infinity);
});

test('an alarm stays, whatever comes later', () => {
  const bad = observe(startSequential('increase'), {
    baseline: { bad: 0, total: 1_000 },
    canary: { bad: 20, total: 1_000 },
  });
  const later = observe(bad, { baseline: { bad: 90, total: 1_000 }, canary: { bad: 0, total: 1_000 } });
  expect(bad.pValue).toBeLessThanOrEqual(0.001);
  expect(later.pValue).toBe(bad.pValue);
});

test('a state survives being written down, and is not changed by what is observed', () => {
  const state = startSequential('either');
  const increment = { baseline: { bad: 1, total: 90 }, canary: { bad: 3, total: 10 } };
  const once = observe(state, increment);
  expect(state).toEqual(startSequential('either'));
  const read = JSON.parse(JSON.stringify(once)) as typeof once;
  expect(observe(read, increment)).toEqual(observe(once, increment));
});

test('nothing bad, no requests or one side alone say nothing, and impossible counts are told', () => {
  const start = startSequential('increase');
  const none = { bad: 0, total: 0 };
  const some = { bad: 0, total: 50 };
  expect(observe(start, { baseline: some, canary: some })).toEqual(start);
  expect(observe(start, { baseline: none, canary: none })).toEqual(start);
  expect(observe(start, { baseline: none, canary: { bad: 50, total: 50 } }).pValue).toBe(1);
  expect(observe(start, { baseline: some, canary: { bad: -3, total: 4 } })).toEqual({ ...start, unusable: 1 });
  expect(observe(start, { baseline: some, canary: { bad: 5, total: 4 } })).toEqual({ ...start, unusable: 1 });
});
