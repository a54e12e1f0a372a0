import { appConfigSchema } from '../../../domain/config';
import { parseJudgeInput, type JudgeInput } from '../../../domain/config/judge';
import { judge, type Verdict } from '../../../domain/judging/metric/judge';
import type { MetricVerdict } from '../../../domain/release';
import { observeMetric, startSoak, type SoakSettings } from '../../../domain/judging/soak/state';
import { judgeEnd } from '../../../domain/judging/soak/verdict';
import { normal, seeded } from '../../support/seeded';

/*
 * As the evidence against the canary grows, it must never be judged better. What is asked here is asked of saved
 * measurements and of a soak alike.
 */

const random = seeded(71);
const many = <T>(size: number, value: (index: number) => T): T[] => Array.from({ length: size }, (_, at) => value(at));
const zeros = (size: number): number[] => many(size, () => 0);
const noise = (size: number, centre = 0): number[] => many(size, () => centre + normal(random));

type Metric = Pick<JudgeInput['metrics'][number], 'direction' | 'confidence' | 'tolerance'> | object;
type Label = MetricVerdict['label'];
type Judge = (baseline: number[], canary: number[], metric?: Metric) => Label;

function input(metric: object): JudgeInput {
  const parsed = parseJudgeInput({ metrics: [{ name: 'lag', ...metric }] });
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.input;
}
const saved: Judge = (baseline, canary, metric = {}) =>
  judge(input({ baseline, canary, ...metric }), 'unknown').metrics[0]!.label;

/** Settings of a soak that reads this metric. */
function settingsOf(metric: object): SoakSettings {
  const config = appConfigSchema.parse({
    version: 1,
    app: 'shop',
    services: { web: { image: 'shop/web:{version}', port: 80, routes: [{ port: 80 }] } },
    canary: {
      steps: [{ weight: 10 }],
      analysis: { compare: false, metrics: [{ name: 'lag', command: { run: ['lag'] }, ...metric }] },
    },
  });
  return {
    slot: 'green',
    limits: config.canary.limits,
    canary: config.canary,
    services: ['web'],
    steps: 1,
    isCompared: true,
    recorded: null,
  };
}
const known = new Map<string, SoakSettings>();

/** The same values, read by a soak one each ten seconds. */
const live: Judge = (baseline, canary, metric = {}) => {
  const key = JSON.stringify(metric);
  const settings = known.get(key) ?? settingsOf(metric);
  known.set(key, settings);
  const read = settings.canary.analysis.metrics[0]!;
  const state = canary.reduce(
    (before, value, index) =>
      observeMetric(
        before,
        { metric: read, readings: { canary: { value }, live: { value: baseline[index]! } }, at: index * 10_000 },
        settings,
      ),
    startSoak({ name: 'canary-10', since: null, began: 0 }, settings, null),
  );
  return judgeEnd(state, { services: null, probes: {} }, settings).values[0]!.label;
};

/** Baselines of 40 values. */
const SHAPES: Record<string, number[]> = {
  'all zero': zeros(40),
  'all equal, not zero': many(40, () => 7),
  'zeros and a few others': many(40, (at) => (at % 9 === 4 ? 3 : 0)),
  'just more than half zeros': many(40, (at) => (at % 2 === 0 || at === 7 ? 0 : 1 + (at % 5))),
  'half zeros': many(40, (at) => (at % 2 === 0 ? 0 : 1 + (at % 5))),
  'two values': many(40, (at) => (at % 3 === 0 ? 1 : 0)),
  'two values, most of them high': many(40, (at) => (at % 3 === 0 ? 0 : 1)),
  'few values': many(40, (at) => (at * 7) % 4),
  'many ties at another value': many(40, (at) => (at % 4 === 1 ? 9 : 5)),
  'ties on both sides of the middle': many(40, (at) => (at % 4 === 1 ? 9 : at % 4 === 3 ? 1 : 5)),
  'no ties': noise(40, 10),
  'below zero': many(40, (at) => (at % 5 === 2 ? -1 - at : 0)),
};

/** So few that they are judged fast. */
const LOW = [1, 2.2, 1.1, 2.5, 3];

const WORSE: Record<Label, number> = { pass: 0, nodata: 1, inconclusive: 1, high: 2, low: 2 };

/** Where the canary is more like the baseline than most of its values being one and the same. */
const isMixed = (values: number[]): boolean =>
  values.every((value) => values.filter((one) => one === value).length <= values.length / 2);

function expectNeverBetter(labels: { label: Label; canary: number[] }[], what: string): void {
  labels.slice(1).forEach(({ label }, index) => {
    const before = labels[index]!;
    // Too little to say is no evidence yet: a canary whose values begin to move may show that it is well.
    const floor = before.label === 'inconclusive' && !isMixed(before.canary) ? 0 : WORSE[before.label];
    if (WORSE[label] < floor)
      throw new Error(`${what}: ${before.label} became ${label} at ${JSON.stringify(labels[index + 1]!.canary)}`);
  });
}

describe.each([
  ['saved measurements', saved],
  ['the values of a soak', live],
])('of %s', (_what, judged) => {
  test('forty zeros against ever more values above zero are a failure from some number on, and stay one [proves R]', () => {
    for (const value of [1e-9, 1, 5, 1e9]) {
      const labels = many(41, (count) => count).map((count) =>
        judged(
          zeros(40),
          many(40, (at) => ((at * 17) % 40 < count ? value : 0)),
        ),
      );
      expect(labels.slice(0, 5)).toEqual(new Array(5).fill('inconclusive'));
      expect(new Set(labels.slice(10))).toEqual(new Set(['high']));
      expect(labels.lastIndexOf('inconclusive')).toBeLessThan(labels.indexOf('high'));
    }
  });

  test('values above zero that differ, and stand together at the end, are judged as those that are mixed in [proves R]', () => {
    for (let count = 8; count <= 40; count++) {
      const canary = [...zeros(40 - count), ...many(count, (at) => 1 + at)];
      expect(judged(zeros(40), canary)).toBe('high');
    }
  });

  test.each(Object.entries(SHAPES))(
    'more and more high values beside %s never make it better [proves R]',
    (_shape, baseline) => {
      for (const direction of ['increase', 'either']) {
        for (const value of [Math.max(...baseline) + 1, 1e6]) {
          const steps = many(41, (count) => baseline.map((one, at) => ((at * 17) % 40 < count ? value : one)));
          const labels = steps.map((canary) => ({ canary, label: judged(baseline, canary, { direction }) }));
          expectNeverBetter(labels, direction);
          expect(labels.at(-1)!.label).toBe('high');
        }
      }
    },
  );

  test.each(Object.entries(SHAPES))(
    'a canary that differs from %s does not get better by being higher still [proves R]',
    (_shape, baseline) => {
      for (let attempt = 0; attempt < 8; attempt++) {
        let canary = baseline.map((one) => one + Math.round(3 * random()));
        const labels = many(10, () => {
          canary = canary.map((one) => (random() < 0.3 ? one + 10 ** Math.round(4 * random() - 1) : one));
          return { canary, label: judged(baseline, canary, { direction: 'increase' }) };
        });
        expectNeverBetter(labels, 'increase');
      }
    },
  );

  test('lower values are judged as higher ones are, mirrored [proves R]', () => {
    const minus = (values: number[]): number[] => values.map((value) => 0 - value);
    for (const baseline of Object.values(SHAPES)) {
      for (const count of [5, 12, 22, 30, 40]) {
        const canary = baseline.map((one, at) => ((at * 17) % 40 < count ? 100 : one));
        const wanted =
          judged(baseline, canary, { direction: 'increase' }) === 'high' ? 'low' : expect.not.stringMatching('low');
        expect(judged(minus(baseline), minus(canary), { direction: 'decrease' })).toEqual(wanted);
      }
    }
  });

  test('a part of the values that becomes huge does not hide that all of them are higher [proves R]', () => {
    const [baseline, canary] = [noise(40, 10), noise(40, 13)];
    expect(judged(baseline, canary)).toBe('high');
    expect(
      judged(
        baseline,
        canary.map((one, at) => (at % 2 === 0 ? 1_000 * one : one)),
      ),
    ).toBe('high');
  });
});

test('high values beside many zeros are not left out as outliers [proves R]', () => {
  for (let count = 9; count <= 20; count++) {
    const canary = many(40, (at) => ((at * 17) % 40 < count ? 1 + at : 0));
    expect(saved(zeros(40), canary, { outliers: 'remove' })).toBe('high');
  }
});

test('all requests failing is a failure, however few failed before and whatever part must be certain [proves R]', () => {
  const counts = { baseline: { bad: 1, total: 1_000 }, canary: { bad: 1_000, total: 1_000 } };
  for (const tolerance of [0, 0.25, 0.5]) {
    expect(judge(input({ counts, tolerance }), 'unknown').metrics[0]!.label).toBe('high');
  }
});

test('more bad requests never make a comparison of counts better [proves R]', () => {
  for (const tolerance of [0, 0.1, 0.25, 0.9]) {
    for (const before of [0, 1, 40, 100]) {
      const labels = many(26, (bad) => 4 * bad).map((bad) => {
        const counts = { baseline: { bad: before, total: 100 }, canary: { bad, total: 100 } };
        return { canary: [0, 1], label: judge(input({ counts, tolerance }), 'unknown').metrics[0]!.label };
      });
      expectNeverBetter(labels, `${before} bad, tolerance ${tolerance}`);
    }
  }
});

test('a metric that gets worse never makes the verdict of all of them better [proves R]', () => {
  const worst: Record<Verdict['verdict'], number> = { pass: 0, inconclusive: 1, fail: 2 };
  const of = {
    pass: { baseline: LOW, canary: LOW, minSamples: 1, confidence: 0.95 },
    inconclusive: { baseline: LOW, canary: LOW, minSamples: 6 },
    high: { baseline: LOW, canary: LOW.map((value) => 10 * value), minSamples: 1, confidence: 0.95 },
  };
  const labels = Object.keys(of) as (keyof typeof of)[];
  const seen = Object.values(of).map((metric) => judge(input(metric), 'unknown').metrics[0]!.label);
  expect(seen).toEqual(['pass', 'inconclusive', 'high']);
  for (let attempt = 0; attempt < 200; attempt++) {
    const metrics = many(2 + Math.floor(4 * random()), () => Math.floor(3 * random())).map((label, index) => ({
      label,
      settings: {
        name: `m${index}`,
        weight: random() < 0.5 ? 1 : 100,
        group: random() < 0.7 ? 'a' : 'b',
        critical: random() < 0.1,
        mustHaveData: random() < 0.1,
      },
    }));
    const verdict = (): number => {
      const parsed = parseJudgeInput({
        metrics: metrics.map(({ label, settings }) => ({ ...settings, ...of[labels[label]!] })),
      });
      if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
      return worst[judge(parsed.input, 'unknown').verdict];
    };
    const before = verdict();
    const one = metrics.find(({ label }) => label < 2);
    if (!one) continue;
    one.label++;
    expect({ metrics, verdict: verdict() < before ? 'better' : 'not better' }).toEqual({
      metrics,
      verdict: 'not better',
    });
  }
});
