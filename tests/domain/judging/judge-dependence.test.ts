import { parseJudgeInput } from '../../../domain/config/judge';
import { judge, type MetricJudgement } from '../../../domain/judging/metric/judge';
import { dependenceOf } from '../../../domain/judging/statistics/dependence';
import { mostByChance, normal, seeded } from '../../support/seeded';

/* Values of which a part stays in the next one, as of queues, memory, or averages over a window that is longer than the interval. */

const random = seeded(83);

/** The process AR(1) with deviation 1: `part` of a value stays in the next. */
function series(size: number, part: number, centre = 10): number[] {
  let value = normal(random);
  return Array.from({ length: size }, () => {
    value = part * value + Math.sqrt(1 - part * part) * normal(random);
    return centre + value;
  });
}

function found(baseline: number[], canary: number[], more: object = {}): MetricJudgement {
  const parsed = parseJudgeInput({ metrics: [{ name: 'lag', baseline, canary, ...more }] });
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  return judge(parsed.input, 'time').metrics[0]!;
}

/*
 * A right method, which fails 1 % on a side, fails a test with a probability of less than 1 in 1,000 a side. One that
 * ignores how values depend on each other fails 9 % where half of one stays in the next, and 22 % or more where 0.8 does:
 * it passes 200 runs in 5 of 1,000 and 300 in 1 of 10,000; with 22 %, 100 runs in 3 of a million. One that corrects by the estimate as it is, which is too
 * small for so few values, fails some 5 %: it passes 500 runs in 6 of 1,000.
 */
test.each([
  [20, 0, 300],
  [20, 0.5, 300],
  [20, 0.8, 500],
  [40, 0.5, 200],
  [40, 0.8, 200],
  [40, 0.9, 500],
  [120, 0.9, 100],
])(
  'of equal versions at most the promised part fails, %s values of which %s stays in the next [proves R]',
  (size, part, runs) => {
    const labels = Array.from({ length: runs }, () => found(series(size, part), series(size, part)).label);
    expect(labels.filter((label) => label === 'high').length).toBeLessThanOrEqual(mostByChance(runs, 0.01));
    expect(labels.filter((label) => label === 'low').length).toBeLessThanOrEqual(mostByChance(runs, 0.01));
  },
);

test('values that say too little because they depend on each other are inconclusive, and it says so [proves R]', () => {
  const { label, reason } = found(series(40, 0.95), series(40, 0.95));
  expect(label).toBe('inconclusive');
  expect(reason).toMatch(
    /^values of the baseline depend on each other: 0\.\d+ of one stays in the next, and 40 are worth \d/,
  );
});

test('a large difference is found although values depend on each other, and a small one that is allowed passes [proves R]', () => {
  const [baseline, canary] = [series(60, 0.9, 100), series(60, 0.9, 100)];
  expect(
    found(
      baseline,
      canary.map((value) => 2 * value),
    ).label,
  ).toBe('high');
  expect(found(baseline, canary, { effect: { allowedIncrease: 1.2, allowedDecrease: 0.8 } }).label).toBe('pass');
});

test('a difference of one and a half deviations is found in sixty values of which half stays in the next [proves R]', () => {
  const labels = Array.from({ length: 100 }, () => found(series(60, 0.5), series(60, 0.5, 11.5)).label);
  expect(labels.filter((label) => label === 'high').length).toBeGreaterThan(50);
});

test('what stays of a value in the next is estimated without bias, and constants depend on nothing', () => {
  for (const part of [0.3, 0.6, 0.9]) {
    const estimates = Array.from({ length: 300 }, () => dependenceOf(series(60, part)));
    const average = estimates.reduce((sum, one) => sum + one, 0) / estimates.length;
    expect(Math.abs(average - part)).toBeLessThan(0.06);
  }
  expect(dependenceOf(new Array<number>(50).fill(3))).toBe(0);
  expect(dependenceOf([1, 2, 3])).toBe(0);
});

test('a file in which values were sorted is not taken for one of values that depend on each other [proves R]', () => {
  const sorted = series(40, 0).sort((one, other) => one - other);
  const parsed = parseJudgeInput({
    metrics: [{ name: 'lag', baseline: sorted, canary: sorted.map((value) => value + 1.5) }],
  });
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  expect(judge(parsed.input, 'unknown').metrics[0]!.label).toBe('high');
  expect(judge(parsed.input, 'time').metrics[0]!.label).toBe('inconclusive');
});
