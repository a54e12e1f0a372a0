import { z } from 'zod';
import type { Mistake } from './rule';
import { percent } from './percent';
import { expected } from './values';

const DIRECTION = expected('increase, decrease or either');
const part = () => z.number(expected('a part of one such as 0.98'));
const limit = (description: string, example: number) =>
  z
    .number()
    .min(0)
    .optional()
    .meta({ description, examples: [example] });

export const effect = z.strictObject({
  measure: z.enum(['meanRatio', 'cles']).default('meanRatio').meta({
    description:
      'How large a difference is: `meanRatio` divides the means, `cles` is the part of all pairs in which the new version has the greater value.',
  }),
  allowedIncrease: limit('An increase of the measure that stays below this does not matter.', 1.1),
  allowedDecrease: limit('A decrease of the measure that stays above this does not matter.', 0.9),
  criticalIncrease: limit('An increase from here on fails everything.', 2),
  criticalDecrease: limit('A decrease from here on fails everything.', 0.5),
});

export const metricSettings = {
  name: z
    .string()
    .min(1)
    .meta({ description: 'What it is called in verdicts and reports.', examples: ['queue lag'] }),
  group: z.string().min(1).default('default').meta({ description: 'Metrics of a group are scored together.' }),
  weight: z
    .number()
    .positive(expected('a number above 0'))
    .default(1)
    .meta({ description: 'How much it counts in its group.' }),
  direction: z.enum(['increase', 'decrease', 'either'], DIRECTION).optional().meta({
    description: 'Which change is a failure: of values `either` by default, of counts `increase`.',
  }),
  critical: z.boolean().default(false).meta({ description: 'Its failure, or no data at all, fails everything.' }),
  mustHaveData: z.boolean().default(false).meta({ description: 'Too little evidence counts as a failure of it.' }),
  missing: z.enum(['remove', 'zero']).optional().meta({
    description: 'What a missing value means: it is left out by default, or it is 0. Not for counts.',
  }),
  outliers: z.enum(['keep', 'remove']).optional().meta({
    description:
      'Whether values more than 3 interquartile ranges beyond the quartiles count in the size of an effect, which they do by default. Not for counts.',
  }),
  minSamples: z
    .int()
    .min(1)
    .default(20)
    .meta({ description: 'Values (counts: requests) that each version needs; fewer are no evidence.' }),
  confidence: part()
    .gt(0.5, expected('a part of one above 0.5, such as 0.98'))
    .lt(1, expected('a part of one below 1, such as 0.98'))
    .default(0.98)
    .meta({ description: 'How certain a difference must be.' }),
  tolerance: part()
    .min(0)
    .lt(1, expected('a part of one below 1, such as 0.25'))
    .optional()
    .meta({
      description:
        'The part of the difference that may be chance, while the rest must still be certain: of values 0.25 by default, of counts 0.',
      examples: [0.25],
    }),
  effect: effect.prefault({}).meta({ description: 'From where on a difference that is certain also matters.' }),
};

export const thresholds = z.strictObject({
  pass: percent({ isAbove: true, isOfAll: true })
    .prefault(95)
    .meta({ description: 'Score in per cent from which on it passes.' }),
  marginal: percent({ isOfAll: true })
    .prefault(75)
    .meta({ description: 'Score in per cent below which it fails; between the two nothing can be said.' }),
});

export const groups = z.record(z.string(), percent({ isOfAll: true }));

type Effect = z.output<typeof effect>;

export function thresholdMistakes({ pass, marginal }: z.output<typeof thresholds>): Mistake[] {
  if (marginal <= pass) return [];
  return [
    {
      path: ['thresholds', 'marginal'],
      message: `expected at most pass, which is ${pass}, seen the number ${marginal}`,
    },
  ];
}

/** Finds names that are used twice; metrics that cannot be read are undefined. */
export function nameMistakes(metrics: ({ name: string } | undefined)[]): Mistake[] {
  const names = new Map<string, number>();
  return metrics.flatMap((metric, index) => {
    if (!metric) return [];
    const earlier = names.get(metric.name);
    names.set(metric.name, earlier ?? index);
    if (earlier === undefined) return [];
    const message = `expected each name once, seen "${metric.name}" at metrics[${earlier}] too`;
    return [{ path: ['metrics', index, 'name'], message }];
  });
}

export function groupMistakes(weights: Record<string, number>, metrics: { group: string }[]): Mistake[] {
  const used = new Set(metrics.map(({ group }) => group));
  const unused = Object.keys(weights).filter((name) => !used.has(name));
  const mistakes = unused.map((name) => ({
    path: ['groups', name],
    message: `expected a group that a metric has (${[...used].join(', ') || 'none has one'}), seen "${name}"`,
  }));
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  const open = [...used].filter((name) => !(name in weights));
  const said = (wanted: string): Mistake => ({
    path: ['groups'],
    message: `expected weights that add up to ${wanted}, seen the sum ${Number(sum.toPrecision(10))}`,
  });
  if (Object.keys(weights).length === 0) return mistakes;
  if (open.length === 0 && Math.abs(sum - 100) > 1e-6) return [...mistakes, said('100')];
  if (open.length > 0 && sum >= 100)
    return [...mistakes, said(`less than 100, since ${open.join(', ')} gets the rest`)];
  return mistakes;
}

export function effectMistakes(limits: Effect, isCounts: boolean): Mistake[] {
  const { allowedIncrease, criticalIncrease, allowedDecrease, criticalDecrease, measure } = limits;
  const mistakes: Mistake[] = [];
  const say = (key: keyof Effect, wanted: string): void => {
    mistakes.push({ path: ['effect', key], message: `expected ${wanted}, seen ${String(limits[key])}` });
  };
  if (isCounts && measure === 'cles') say('measure', 'meanRatio for counts');
  if (allowedIncrease !== undefined && criticalIncrease !== undefined && criticalIncrease < allowedIncrease)
    say('criticalIncrease', `at least allowedIncrease, which is ${allowedIncrease}`);
  if (allowedDecrease !== undefined && criticalDecrease !== undefined && criticalDecrease > allowedDecrease)
    say('criticalDecrease', `at most allowedDecrease, which is ${allowedDecrease}`);
  for (const key of ['allowedIncrease', 'criticalIncrease'] as const) {
    if (measure === 'cles' && (limits[key] ?? 0.5) < 0.5)
      say(key, 'a part of one from 0.5, where nothing differs, to 1');
    if (measure === 'cles' && (limits[key] ?? 0) > 1) say(key, 'a part of one');
    if (measure === 'meanRatio' && (limits[key] ?? 1) < 1)
      say(key, 'how many times, at least 1, such as 1.1 for 10 % more');
  }
  for (const key of ['allowedDecrease', 'criticalDecrease'] as const) {
    if (measure === 'cles' && (limits[key] ?? 0) > 0.5) say(key, 'a part of one from 0 to 0.5, where nothing differs');
    if (measure === 'meanRatio' && (limits[key] ?? 0) > 1)
      say(key, 'how many times, at most 1, such as 0.9 for 10 % less');
  }
  return mistakes;
}
