import { parseJudgeInput } from '../../../domain/config/judge';

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
    'a part for per cent, told once [proves W]',
    { ...metric({}), thresholds: { pass: 0.95 } },
    ['thresholds.pass: expected per cent, seen the number 0.95: write 95, or "0.95%" if you mean so little'],
  ],
  [
    'all as a part of one [proves W]',
    { ...metric({}), thresholds: { pass: 1, marginal: 1 } },
    [
      'thresholds.pass: expected per cent, seen the number 1: write 100, or "1%" if you mean so little',
      'thresholds.marginal: expected per cent, seen the number 1: write 100, or "1%" if you mean so little',
    ],
  ],
  [
    'weights of groups that are parts of one [proves W]',
    { metrics: [...metric({ group: 'a' }).metrics, { name: 'n', ...values, group: 'b' }], groups: { a: 0.6, b: 0.4 } },
    [
      'groups.a: expected per cent, seen the number 0.6: write 60, or "0.6%" if you mean so little',
      'groups.b: expected per cent, seen the number 0.4: write 40, or "0.4%" if you mean so little',
    ],
  ],
  [
    'a score that everything reaches [proves W]',
    { ...metric({}), thresholds: { pass: 0, marginal: 0 } },
    ['thresholds.pass: expected per cent above 0, at most 100, such as 5 or "0.5%", seen the number 0'],
  ],
  [
    'more than all, with its sign [proves W]',
    { ...metric({}), thresholds: { pass: '950%' } },
    ['thresholds.pass: expected per cent above 0, at most 100, such as 5 or "0.5%", seen "950%"'],
  ],
  [
    'a part more where times are meant [proves W]',
    metric({ effect: { allowedIncrease: 0.1, criticalIncrease: 0.5, allowedDecrease: 10 } }),
    [
      'metrics.0.effect.allowedIncrease: expected how many times, at least 1, such as 1.1 for 10 % more, seen 0.1',
      'metrics.0.effect.criticalIncrease: expected how many times, at least 1, such as 1.1 for 10 % more, seen 0.5',
      'metrics.0.effect.allowedDecrease: expected how many times, at most 1, such as 0.9 for 10 % less, seen 10',
    ],
  ],
  [
    'parts of pairs on the wrong side of half [proves W]',
    metric({ effect: { measure: 'cles', allowedIncrease: 0.1, allowedDecrease: 0.7 } }),
    [
      'metrics.0.effect.allowedIncrease: expected a part of one from 0.5, where nothing differs, to 1, seen 0.1',
      'metrics.0.effect.allowedDecrease: expected a part of one from 0 to 0.5, where nothing differs, seen 0.7',
    ],
  ],
  [
    'several at once',
    { metrics: [{ name: 'm', canary: [true], weight: 0 }], thresholds: { pass: 10, marginal: 20 }, groups: { a: 'x' } },
    [
      'groups.a: expected per cent from 0 to 100, such as 5 or "0.5%", seen "x"',
      'metrics.0.weight: expected a number above 0, seen the number 0',
      'metrics.0.canary.0: expected a number, or null where it is missing, seen true',
      'thresholds.marginal: expected at most pass, which is 10, seen the number 20',
    ],
  ],
])('a mistake is told with its path: %s', (_what, raw, wanted) => {
  expect(told(raw)).toEqual(wanted);
});

test('per cent may have its sign, and needs it below one, where so little is meant [proves W]', () => {
  const parsed = parseJudgeInput({
    ...metric({}),
    thresholds: { pass: '97.5%', marginal: '0.5%' },
    groups: { default: 100 },
  });
  expect(parsed).toMatchObject({ input: { thresholds: { pass: 97.5, marginal: 0.5 }, groups: { default: 100 } } });
});
