import { parseJudgeInput } from '../../domain/config-judge';

const values = { baseline: [1, 2], canary: [1, null] };
const good = { bad: 1, total: 10 };
const told = (raw: unknown): string[] => {
  const parsed = parseJudgeInput(raw);
  return 'mistakes' in parsed ? parsed.mistakes.map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
};
const metric = (more: object) => ({ metrics: [{ name: 'm', ...values, ...more }] });

test('what is left out gets its default', () => {
  expect(parseJudgeInput(metric({}))).toEqual({
    input: {
      thresholds: { pass: 95, marginal: 75 },
      groups: {},
      metrics: [
        {
          name: 'm',
          group: 'default',
          weight: 1,
          critical: false,
          mustHaveData: false,
          minSamples: 20,
          confidence: 0.98,
          effect: { measure: 'meanRatio' },
          ...values,
        },
      ],
    },
  });
});

test.each<[string, unknown, string[]]>([
  ['no mapping', [], [': expected a mapping, seen a list']],
  ['no metrics', {}, ['metrics: expected a list, seen nothing']],
  ['an empty list', { metrics: [] }, ['metrics: expected at least 1 in the list, seen none']],
  [
    'an unknown key',
    { metrics: [{ name: 'm', ...values, critcal: true }] },
    ['metrics.0.critcal: unknown key, did you mean "critical"?'],
  ],
  [
    'an unknown key at the top',
    { ...metric({}), threshold: {} },
    ['threshold: unknown key, did you mean "thresholds"?'],
  ],
  [
    'an unknown key of a count',
    metric({ counts: { baseline: good, canary: { ...good, of: 1 } }, baseline: undefined, canary: undefined }),
    ['metrics.0.counts.canary.of: unknown key, expected one of bad, total'],
  ],
  [
    'text in a list',
    metric({ canary: [1, '2', 3] }),
    ['metrics.0.canary.1: expected a number, or null where it is missing, seen "2"'],
  ],
  ['no list', metric({ canary: undefined }), ['metrics.0.canary: expected a list, seen nothing']],
  ['no data', { metrics: [{ name: 'm' }] }, ['metrics.0: expected baseline and canary, or counts, seen neither']],
  [
    'both kinds of data',
    metric({ counts: { baseline: good, canary: good } }),
    [
      'metrics.0.baseline: expected either counts or lists of values, seen both',
      'metrics.0.canary: expected either counts or lists of values, seen both',
    ],
  ],
  [
    'more bad than all',
    { metrics: [{ name: 'm', counts: { baseline: good, canary: { bad: 2, total: 1 } } }] },
    ['metrics.0.counts.canary.bad: expected at most total, which is 1, seen the number 2'],
  ],
  [
    'part of a request',
    { metrics: [{ name: 'm', counts: { baseline: good, canary: { bad: 0.5, total: 1 } } }] },
    ['metrics.0.counts.canary.bad: expected a whole number, seen the number 0.5'],
  ],
  [
    'a negative count',
    { metrics: [{ name: 'm', counts: { baseline: good, canary: { bad: -1, total: 1 } } }] },
    ['metrics.0.counts.canary.bad: expected at least 0, seen the number -1'],
  ],
  [
    'a setting for lists, with counts',
    { metrics: [{ name: 'm', missing: 'zero', counts: { baseline: good, canary: good } }] },
    ['metrics.0.missing: expected no such setting for counts'],
  ],
  [
    'a name that stands twice',
    {
      metrics: [
        { name: 'm', ...values },
        { name: 'm', ...values },
      ],
    },
    ['metrics.1.name: expected each name once, seen "m" at metrics[0] too'],
  ],
  [
    'thresholds upside down',
    { ...metric({}), thresholds: { pass: 50, marginal: 60 } },
    ['thresholds.marginal: expected at most pass, which is 50, seen the number 60'],
  ],
  [
    'weights that do not add up',
    { ...metric({}), groups: { default: 90 } },
    ['groups: expected weights that add up to 100, seen the sum 90'],
  ],
  [
    'weights that leave nothing',
    {
      metrics: [
        { name: 'm', ...values, group: 'a' },
        { name: 'n', ...values },
      ],
      groups: { a: 100 },
    },
    ['groups: expected weights that add up to less than 100, since default gets the rest, seen the sum 100'],
  ],
  [
    'a group nobody is in',
    { ...metric({}), groups: { latncy: 10 } },
    ['groups.latncy: expected a group that a metric has (default), seen "latncy"'],
  ],
  [
    'per cent for a part',
    metric({ confidence: 98 }),
    ['metrics.0.confidence: expected a part of one below 1, such as 0.98, seen the number 98'],
  ],
  [
    'an unknown direction',
    metric({ direction: 'up' }),
    ['metrics.0.direction: expected increase, decrease or either, seen "up"'],
  ],
  ['no samples', metric({ minSamples: 0 }), ['metrics.0.minSamples: expected at least 1, seen the number 0']],
  [
    'critical before allowed',
    metric({ effect: { allowedIncrease: 2, criticalIncrease: 1.5 } }),
    ['metrics.0.effect.criticalIncrease: expected at least allowedIncrease, which is 2, seen 1.5'],
  ],
  [
    'a probability above 1',
    metric({ effect: { measure: 'cles', allowedIncrease: 1.2 } }),
    ['metrics.0.effect.allowedIncrease: expected a part of one, seen 1.2'],
  ],
  [
    'several at once',
    { metrics: [{ name: 'm', canary: [true], weight: 0 }], thresholds: { pass: 1, marginal: 2 }, groups: { a: 'x' } },
    [
      'groups.a: expected a number, seen "x"',
      'metrics.0.weight: expected a number above 0, seen the number 0',
      'metrics.0.canary.0: expected a number, or null where it is missing, seen true',
      'thresholds.marginal: expected at most pass, which is 1, seen the number 2',
    ],
  ],
])('%s is told with its path', (_what, raw, wanted) => {
  expect(told(raw)).toEqual(wanted);
});
