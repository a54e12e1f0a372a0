import { judge, type MetricJudgement } from '../../../domain/judging/metric/judge';
import { parseJudgeInput } from '../../../domain/config/judge';
import type { Pair } from '../../../domain/judging/series';
import { takeValues, type MetricValues } from '../../../domain/judging/soak/values';
import { mostByChance, normal, seeded } from '../../support/seeded';

/* Values of programs and webhooks that do not say when they measured them. */

const random = seeded(17);
const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));

/** What is judged of the numbers that a source answers, each second: those of the new version, then of the live one. */
function judged(readings: [canary: number, baseline: number][]): { found: MetricJudgement; taken: Pair[] } {
  const taken: Pair[] = [];
  let known: MetricValues | undefined;
  for (const [index, [canary, baseline]] of readings.entries()) {
    const both = { canary: { value: canary, guessed: true }, live: { value: baseline, guessed: true } } as const;
    const { values, sample } = takeValues(
      known,
      { interval: 1_000 },
      { readings: both, at: 1_000 * (index + 1), began: 1_000 },
    );
    known = values;
    if (sample) taken.push(sample);
  }
  const [canary, baseline] = [taken.map(([one]) => one), taken.map(([, other]) => other)];
  const parsed = parseJudgeInput({ metrics: [{ name: 'm', baseline, canary }] });
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  return { found: judge(parsed.input, 'time').metrics[0]!, taken };
}

const readings = (size: number, pair: (index: number) => [number, number]) =>
  judged(Array.from({ length: size }, (_, index) => pair(index)));

test.each([
  ['beside a baseline between 40 and 60', 100, () => between(40, 60), 'high'],
  ['beside a baseline of 3 to 5', 0, () => between(3, 5), 'low'],
  ['beside a baseline of 0 or 1', 9, () => between(0, 1), 'high'],
] as const)('a canary that is stuck %s is found worse [proves R]', (_, stuck, baseline, label) => {
  expect(readings(40, () => [stuck, baseline()]).found.label).toBe(label);
});

test('a canary of which most values are above zero is found worse than a live version that is always at zero [proves R]', () => {
  const { found } = readings(40, (i) => [i % 5 < 3 ? between(1, 9) : 0, 0]);
  expect(found.label).toBe('high');
});

test('a canary that moves beside a live version that is stuck is compared with it [proves R]', () => {
  expect(readings(40, () => [between(40, 60), 10]).found.label).toBe('high');
});

test('numbers that never change show nothing, since they may have been measured once [proves Q]', () => {
  const { found, taken } = readings(40, () => [100, 5]);
  expect(taken).toHaveLength(1);
  expect(found.label).toBe('inconclusive');
});

test('what is measured each 15 s is taken once each 15 s, at whatever time of it each version is measured [proves Q]', () => {
  const { taken } = readings(150, (i) => [Math.floor(i / 15), Math.floor((i + 7) / 15) + 100]);
  // Until each changed twice it is not known how often it is measured.
  expect(taken.length).toBeGreaterThanOrEqual(9);
  expect(taken.length).toBeLessThanOrEqual(12);
});

/**
 * A right method, which fails 1 % on a side, fails a test with a probability of less than 1 in 1,000 a side and rhythm.
 * One that takes each of seven equal readings for a measurement fails 19 %: it passes in 5 of 100,000.
 */
const TIMES = 100;

/** A value that is measured each so many readings. */
function measuredEach(every: number, late: number, draw: () => number): (index: number) => number {
  const values = new Map<number, number>();
  return (index) => {
    const at = Math.floor((index + late) / every);
    if (!values.has(at)) values.set(at, draw());
    return values.get(at)!;
  };
}

test.each([
  ['numbers that differ', () => normal(random)],
  ['few numbers', () => between(3, 5)],
  ['mostly zero', () => (random() < 0.2 ? between(1, 9) : 0)],
] as const)(
  'of equal versions no more fail than promised, whatever the rhythm of their source (%s) [proves Q]',
  (_, draw) => {
    for (const [every, late] of [
      [1, 0],
      [7, 0],
      [7, 3],
    ] as const) {
      const labels = Array.from({ length: TIMES }, () => {
        const [canary, baseline] = [measuredEach(every, 0, draw), measuredEach(every, late, draw)];
        return readings(40 * every, (i) => [canary(i), baseline(i)]).found.label;
      });
      expect(labels.filter((label) => label === 'high').length).toBeLessThanOrEqual(mostByChance(TIMES, 0.01));
      expect(labels.filter((label) => label === 'low').length).toBeLessThanOrEqual(mostByChance(TIMES, 0.01));
    }
  },
);
