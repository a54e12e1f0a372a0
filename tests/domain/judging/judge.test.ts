import { parseJudgeInput } from '../../../domain/config/judge';
import { judge, type Verdict } from '../../../domain/judging/metric/judge';
import { mostByChance, normal, seeded } from '../../support/seeded';

const random = seeded(44);
const around = (centre: number, size = 30): number[] => Array.from({ length: size }, () => centre + normal(random));

function judged(metrics: object[], more: object = {}): Verdict {
  const parsed = parseJudgeInput({ metrics: metrics.map((one, index) => ({ name: `m${index}`, ...one })), ...more });
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  return judge(parsed.input, 'unknown');
}
const one = (metric: object) => judged([metric]).metrics[0]!;
const label = (metric: object): string => one(metric).label;
const counts = (bad: number, total: number, canaryBad: number, canaryTotal: number) => ({
  counts: { baseline: { bad, total }, canary: { bad: canaryBad, total: canaryTotal } },
});

/** Settings of Kayenta's own examples. */
const KAYENTA = { minSamples: 1, tolerance: 0.1, confidence: 0.95 };
const LOW = [1, 2.2, 1.1, 2.5, 3];
const HIGH = [20, 22, 21, 25, 30];

describe('values', () => {
  test.each([
    ['alike', 10, 10, {}, 'pass'],
    ['higher', 10, 20, {}, 'high'],
    ['lower', 20, 10, {}, 'low'],
    ['lower, where only higher matters', 20, 10, { direction: 'increase' }, 'pass'],
    ['higher, where only lower matters', 10, 20, { direction: 'decrease' }, 'pass'],
    ['higher by less than is allowed', 10, 12, { effect: { allowedIncrease: 1.5 } }, 'pass'],
    ['higher by more than is allowed', 10, 20, { effect: { allowedIncrease: 1.5 } }, 'high'],
    ['lower by less than is allowed', 12, 10, { effect: { allowedDecrease: 0.5 } }, 'pass'],
    ['above more often than is allowed', 10, 20, { effect: { measure: 'cles', allowedIncrease: 0.9 } }, 'high'],
    ['above less often than is allowed', 10, 11.5, { effect: { measure: 'cles', allowedIncrease: 0.99 } }, 'pass'],
  ])('that are %s', (_what, baseline, canary, settings, wanted) => {
    expect(label({ baseline: around(baseline), canary: around(canary), ...settings })).toBe(wanted);
  });

  test.each([
    ['clearly higher', LOW, HIGH, {}, { label: 'high', critical: false }],
    ['higher, of a critical metric', LOW, HIGH, { critical: true }, { label: 'high', critical: true }],
    ['below the critical effect', LOW, HIGH, { critical: true, effect: { criticalIncrease: 13 } }, { critical: false }],
    [
      'beyond the critical effect',
      LOW,
      HIGH,
      { critical: true, effect: { criticalIncrease: 1.2 } },
      { critical: true },
    ],
    ['below the allowed effect', LOW, HIGH, { effect: { allowedIncrease: 13 } }, { label: 'pass' }],
    [
      'lower, critically',
      [10, 20.2, 10.1, 20.5, 30],
      [2, 2, 2, 2, 3],
      { critical: true },
      { label: 'low', critical: true },
    ],
    ['identical', [5, 4, 3, 2, 1], [1, 2, 3, 4, 5], {}, { label: 'pass' }],
    ['constant, of different height', [1, 1, 1, 1, 1], [10, 10, 10, 10, 10], {}, { label: 'high' }],
    ['constant, from zero', [0, 0, 0, 0, 0], [10, 10, 10, 10, 10], {}, { label: 'high', deviation: null }],
    ['without canary', [1, 2, 3, 4, 5], [], { critical: true }, { label: 'nodata', critical: true }],
  ])('of Kayenta’s examples: %s', (_what, baseline, canary, settings, wanted) => {
    expect(one({ baseline, canary, ...KAYENTA, ...settings })).toMatchObject(wanted);
  });

  const zeros = (size: number): number[] => new Array<number>(size).fill(0);
  test.each([
    ['nothing', [], [], {}, 'nodata'],
    ['nothing but holes', around(1), [null, null], {}, 'nodata'],
    ['nothing but holes that count as zero', [null, null], [null, null], { missing: 'zero', minSamples: 1 }, 'nodata'],
    ['too few values', around(1, 19), around(1), {}, 'inconclusive'],
    ['too few for the confidence', [1, 2, 3], [11, 12, 13], { minSamples: 1 }, 'inconclusive'],
    ['a constant', zeros(40), zeros(40), {}, 'inconclusive'],
    ['a constant baseline', zeros(40), around(0), {}, 'inconclusive'],
    ['mostly zeros', [...zeros(30), 1, 2, 3], [...zeros(30), 1, 2], {}, 'inconclusive'],
    ['mostly holes', around(1), [...around(1), ...new Array<null>(31).fill(null)], {}, 'inconclusive'],
  ])('%s never pass', (_what, baseline, canary, settings, wanted) => {
    const verdict = judged([{ baseline, canary, ...settings }]);
    expect(verdict.metrics[0]!.label).toBe(wanted);
    expect(verdict.verdict).not.toBe('pass');
  });

  test('more of them beside many zeros are seen', () => {
    const few = [...zeros(195), ...around(2, 15)];
    expect(label({ baseline: few, canary: [...zeros(140), ...around(2, 70)] })).toBe('high');
  });

  test('outliers are left out only if asked', () => {
    const canary = [...around(10, 40), 1e6];
    const settings = { baseline: around(10, 40), canary, effect: { measure: 'meanRatio' } };
    expect(one(settings).deviation).toBeGreaterThan(1_000);
    expect(one({ ...settings, outliers: 'remove' }).deviation).toBeLessThan(2);
  });

  test('the reason can be checked', () => {
    expect(one({ baseline: LOW, canary: HIGH, ...KAYENTA, effect: { allowedIncrease: 1.2 } })).toMatchObject({
      interval: { lower: 17.8, upper: 27.8 },
      shift: 20,
      reason: 'canary is higher: shift 20 [17.8, 27.8] at 95 %, meanRatio 12.04 ≥ 1.2',
    });
    expect(one({ baseline: LOW, canary: HIGH }).reason).toBe('5 values of the baseline seen, 20 needed');
  });
});

describe('whatever the data', () => {
  const of = (canary: number[], baseline: number[]) => one({ baseline, canary, minSamples: 1 });
  // Every pair of sizes and centres once.
  const pairs = Array.from({ length: 60 }, (_, index) => {
    const baseline = around(index % 5, 5 + index);
    const canary = around((index * 7) % 4, 5 + ((index * 3) % 60));
    return { baseline, canary, wanted: of(canary, baseline) };
  });

  test('the verdict is the same in every unit', () => {
    for (const { baseline, canary, wanted } of pairs) {
      for (const unit of [1e-12, 1e-5, 0.001, 60, 1e9]) {
        const scaled = (values: number[]): number[] => values.map((value) => value * unit);
        expect(of(scaled(canary), scaled(baseline)).label).toBe(wanted.label);
      }
    }
  });

  test('adding the same to all values changes nothing', () => {
    for (const { baseline, canary, wanted } of pairs) {
      const shifted = (values: number[]): number[] => values.map((value) => value + 1_000);
      const after = of(shifted(canary), shifted(baseline));
      expect(after.label).toBe(wanted.label);
      expect(after.shift).toBeCloseTo(wanted.shift!, 9);
    }
  });

  test('the order of the values of the canary changes nothing', () => {
    for (const { baseline, canary, wanted } of pairs) {
      const { deviation, ...rest } = of([...canary].sort(), baseline);
      expect(rest).toMatchObject({ label: wanted.label, interval: wanted.interval, shift: wanted.shift });
      expect(deviation).toBeCloseTo(wanted.deviation!, 6);
    }
  });

  test('mirrored values give the mirrored verdict', () => {
    const mirrored = { high: 'low', low: 'high', pass: 'pass', nodata: 'nodata', inconclusive: 'inconclusive' };
    const minus = (values: number[]): number[] => values.map((value) => -value);
    for (const { baseline, canary, wanted } of pairs) {
      expect(of(minus(canary), minus(baseline)).label).toBe(mirrored[wanted.label]);
    }
  });

  test('alike samples are called different in at most one of a hundred', () => {
    // A right method fails with a probability of less than 1 in 1,000; one that fails 5 % passes in 6 of 1,000.
    const labels = Array.from({ length: 500 }, () =>
      label({ baseline: around(5, 20), canary: around(5, 20), direction: 'increase' }),
    );
    expect(labels.filter((seen) => seen === 'high').length).toBeLessThanOrEqual(mostByChance(500, 0.01));
  });
});

describe('counts', () => {
  test.each([
    ['alike', counts(10, 1_000, 11, 1_000), {}, 'pass'],
    ['four times as many errors', counts(10, 10_000, 40, 10_000), {}, 'high'],
    ['errors where there were none', counts(0, 1_000, 12, 1_000), {}, 'high'],
    ['no errors at all', counts(0, 1_000, 0, 1_000), {}, 'pass'],
    ['fewer errors', counts(40, 10_000, 10, 10_000), {}, 'pass'],
    ['fewer successes, where that is bad', counts(40, 10_000, 10, 10_000), { direction: 'decrease' }, 'low'],
    ['more errors, less than allowed', counts(100, 10_000, 160, 10_000), { effect: { allowedIncrease: 2 } }, 'pass'],
    ['one error more of very few', counts(0, 25, 1, 25), {}, 'pass'],
    ['too few requests', counts(0, 1_000, 0, 19), {}, 'inconclusive'],
    ['no requests', counts(5, 1_000, 0, 0), {}, 'nodata'],
    ['nothing but errors on both sides', counts(50, 50, 50, 50), {}, 'inconclusive'],
  ])('%s', (_what, metric, settings, wanted) => {
    expect(label({ ...metric, ...settings })).toBe(wanted);
  });

  test('tell ratio, difference and interval of the ratio', () => {
    const seen = one(counts(10, 10_000, 40, 10_000));
    expect(seen).toMatchObject({ deviation: 4, shift: 0.003 });
    expect(seen.interval!.lower).toBeGreaterThan(1);
    expect(seen.reason).toContain('40 of 10000 (0.4 %) of the canary, 10 of 10000 (0.1 %) of the baseline');
  });
});

describe('scores', () => {
  const good = counts(10, 1_000, 10, 1_000);
  const bad = counts(10, 1_000, 90, 1_000);
  const silent = counts(1, 10, 1, 10);
  const repeat = (size: number, metric: object): object[] => new Array<object>(size).fill(metric);

  test.each([
    ['all pass', repeat(3, good), {}, 'pass', 100],
    ['one of twenty fails', [...repeat(19, good), bad], {}, 'pass', 95],
    ['one of ten fails', [...repeat(9, good), bad], {}, 'inconclusive', 90],
    ['one of ten fails, which is allowed', [...repeat(9, good), bad], { thresholds: { pass: 90 } }, 'pass', 90],
    ['half fail', [good, bad], {}, 'fail', 50],
    ['one of many fails critically', [...repeat(30, good), { ...bad, critical: true }], {}, 'fail', 0],
    ['half show nothing', [good, silent], {}, 'inconclusive', 100],
    ['less than half show nothing', [good, good, silent], {}, 'pass', 100],
    ['one shows nothing, but must', [...repeat(3, good), { ...silent, mustHaveData: true }], {}, 'inconclusive', 75],
    ['a critical one shows nothing', [...repeat(5, good), { ...silent, critical: true }], {}, 'inconclusive', 100],
    [
      'a critical one must show and does not',
      [...repeat(5, good), { ...silent, critical: true, mustHaveData: true }],
      {},
      'fail',
      0,
    ],
    ['nothing shows anything', repeat(2, silent), {}, 'inconclusive', 0],
    ['one shows nothing and one fails', [silent, bad], {}, 'fail', 0],
  ])('%s', (_what, metrics, settings, verdict, score) => {
    expect(judged(metrics, settings)).toMatchObject({ verdict, score });
  });

  test('groups count by their weight, those without share the rest, and those that show nothing are left out', () => {
    const metrics = [
      { ...good, group: 'a' },
      { ...bad, group: 'b' },
      { ...good, group: 'c' },
      { ...silent, group: 'd' },
    ];
    const { score, groups } = judged(metrics, { groups: { a: 40, b: 20 } });
    expect(groups).toEqual({ a: 100, b: 0, c: 100, d: null });
    expect(score).toBe(75);
  });

  test('metrics count by their weight', () => {
    expect(judged([{ ...good, weight: 3 }, bad]).score).toBe(75);
  });
});
