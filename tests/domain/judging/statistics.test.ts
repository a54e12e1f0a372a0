import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { differenceAt } from '../../../domain/judging/statistics/differences';
import { normalQuantile } from '../../../domain/judging/statistics/normal';
import { proportionInterval } from '../../../domain/judging/statistics/proportion';
import { rateRatioInterval } from '../../../domain/judging/statistics/rates';
import { commonestPart, mean, withoutOutliers } from '../../../domain/judging/statistics/samples';
import { shiftBetween } from '../../../domain/judging/statistics/shift';
import { normal, seeded } from '../../support/seeded';

const ROOT = join(__dirname, '../../..');
const random = seeded(20_220_814);
const whole = (below: number): number => Math.floor(random() * below);
const sample = (size: number, of: () => number): number[] => Array.from({ length: size }, of);

interface ShiftCase {
  x: number[];
  y: number[];
  confidence: number;
  exact: boolean;
  interval: boolean;
}

/** Without and with ties, of both methods, of very different spreads. Intervals are probed for the smaller ones. */
function shiftCase(index: number): ShiftCase {
  const ties = index % 3 === 0;
  const most = index % 10 === 0 ? 120 : 14;
  const scale = 10 ** (whole(13) - 6);
  const value = (): number => (ties ? whole(8) : normal(random)) * scale;
  const x = sample(2 + whole(most), value);
  const y = sample(2 + whole(most), () => value() + (index % 2) * scale);
  const tied = new Set([...x, ...y]).size < x.length + y.length;
  return {
    x,
    y,
    confidence: [0.9, 0.95, 0.98][index % 3]!,
    exact: x.length < 50 && y.length < 50 && !tied,
    interval: most < 100 && !tied && index % 4 === 0,
  };
}

interface Answers {
  shifts: { p: number; cles: number; estimate: number; lower: number | null; upper: number | null }[];
  proportions: { lower: number; upper: number }[];
  quantiles: number[];
}

const shifts = Array.from({ length: 600 }, (_, index) => shiftCase(index));
const proportions = Array.from({ length: 420 }, (_, index) => {
  const all = 1 + whole(10 ** (1 + (index % 5)));
  return { all, bad: index % 7 === 0 ? 0 : whole(all + 1), confidence: [0.9, 0.95, 0.98, 0.999][index % 4]! };
});
const quantiles = [1e-12, 1e-6, 0.001, 0.01, 0.05, 0.3, 0.5, 0.7, 0.999];
let scipy: Answers;
beforeAll(() => {
  const python = execFileSync(join(ROOT, 'scripts/scipy.sh'), { encoding: 'utf8' }).trim().split(': ').at(-1)!;
  const answer = execFileSync(python, [join(ROOT, 'tests/fixtures/statistics/compare.py')], {
    input: JSON.stringify({ shifts, proportions, quantiles }),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  scipy = JSON.parse(answer) as Answers;
}, 300_000);

function expectNear(seen: number | null, wanted: number | null, scale = 1): void {
  if (seen === null || wanted === null) return expect(seen).toBe(wanted);
  expect(Math.abs(seen - wanted)).toBeLessThanOrEqual(1e-8 * Math.max(Math.abs(wanted), scale));
}

test('600 pairs of samples get the p-value, estimate and effect that SciPy gives them', () => {
  shifts.forEach(({ x, y, confidence, exact }, index) => {
    const seen = shiftBetween(x, y, confidence);
    const wanted = scipy.shifts[index]!;
    const spread = Math.max(...x, ...y) - Math.min(...x, ...y);
    expect(seen.exact).toBe(exact);
    expectNear(seen.pValue, wanted.p, 1e-3);
    expectNear(seen.cles, wanted.cles);
    expectNear(seen.estimate, wanted.estimate, spread);
  });
});

test('the interval is exactly what SciPy’s test does not reject', () => {
  const probed = shifts.map((one, index) => ({ ...one, index })).filter(({ interval }) => interval);
  expect(probed.length).toBeGreaterThan(70);
  for (const { x, y, confidence, index } of probed) {
    const { interval } = shiftBetween(x, y, confidence);
    const spread = Math.max(...x, ...y) - Math.min(...x, ...y);
    expectNear(interval.lower, scipy.shifts[index]!.lower, spread);
    expectNear(interval.upper, scipy.shifts[index]!.upper, spread);
  }
});

test('420 shares get the exact interval that SciPy gives them', () => {
  proportions.forEach(({ bad, all, confidence }, index) => {
    const seen = proportionInterval(bad, all, confidence);
    expectNear(seen.lower, scipy.proportions[index]!.lower, 1e-3);
    expectNear(seen.upper, scipy.proportions[index]!.upper, 1e-3);
  });
});

test('normal quantiles are SciPy’s', () => {
  quantiles.forEach((tail, index) => expectNear(normalQuantile(tail), scipy.quantiles[index]!, 1e-2));
});

test('every rank of the differences is found without making them', () => {
  for (let round = 0; round < 15; round++) {
    const of = [() => whole(2), () => whole(40), () => normal(random)][round % 3]!;
    const xs = Float64Array.from(sample(1 + whole(400), of)).sort();
    const ys = Float64Array.from(sample(1 + whole(400), of)).sort();
    const all = Float64Array.from([...xs].flatMap((x) => [...ys].map((y) => x - y))).sort();
    const wrong = sample(50, () => 1 + whole(all.length)).filter(
      (rank) => differenceAt(xs, ys, rank) !== all[rank - 1],
    );
    expect(wrong).toEqual([]);
  }
});

test('no interval is given where so few values cannot have the confidence', () => {
  expect(shiftBetween([1, 2, 3, 4], [11, 12, 13, 14], 0.98).interval).toEqual({ lower: null, upper: null });
  expect(shiftBetween([1, 1, 1, 1], [9, 9, 9, 9], 0.98).interval).toEqual({ lower: null, upper: null });
  expect(shiftBetween([1, 2, 3, 4, 5], [11, 12, 13, 14, 15], 0.98).interval).toEqual({ lower: -13, upper: -7 });
});

test('a rate that is twice another lies in its interval, and none at all leaves one side open', () => {
  const { lower, upper } = rateRatioInterval({ bad: 200, total: 10_000 }, { bad: 100, total: 10_000 }, 0.98);
  expect(lower).toBeGreaterThan(1.4);
  expect(upper).toBeLessThan(2.8);
  expect(rateRatioInterval({ bad: 9, total: 100 }, { bad: 0, total: 100 }, 0.98).upper).toBeNull();
  expect(rateRatioInterval({ bad: 0, total: 9 }, { bad: 0, total: 9 }, 0.98)).toEqual({ lower: null, upper: null });
});

test('samples are summed up without losing small values, and outliers are left out', () => {
  expect(mean([1e308, 1e308])).toBe(1e308);
  expect(commonestPart([0, 0, 0, 1])).toBe(0.75);
  expect(withoutOutliers([1, 2, 3, 4, 5, 100])).toEqual([1, 2, 3, 4, 5]);
  expect(withoutOutliers([0, 0, 0, 0, 0, 1])).toEqual([0, 0, 0, 0, 0, 1]);
});
