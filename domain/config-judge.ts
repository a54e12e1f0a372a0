import { z } from 'zod';
import { explain, type Mistake, nearest } from './config-mistakes';
import { isReadable, mistake, piecewise } from './config-service-rules';
import { expected, percent } from './config-values';

/*
 * The one declaration of the file that `spillway judge` reads: settings and saved measurements.
 */

const DIRECTION = expected('increase, decrease or either');
const part = () => z.number(expected('a part of one such as 0.98'));
const values = () => z.array(z.number(expected('a number, or null where it is missing')).nullable());

const effect = z.strictObject({
  measure: z.enum(['meanRatio', 'cles']).default('meanRatio'),
  allowedIncrease: z.number().min(0).optional(),
  allowedDecrease: z.number().min(0).optional(),
  criticalIncrease: z.number().min(0).optional(),
  criticalDecrease: z.number().min(0).optional(),
});

const count = z.strictObject({ bad: z.int().min(0), total: z.int().min(0) });

const metric = z.strictObject({
  name: z.string().min(1),
  group: z.string().min(1).default('default'),
  weight: z.number().positive(expected('a number above 0')).default(1),
  direction: z.enum(['increase', 'decrease', 'either'], DIRECTION).optional(),
  critical: z.boolean().default(false),
  mustHaveData: z.boolean().default(false),
  missing: z.enum(['remove', 'zero']).optional(),
  outliers: z.enum(['keep', 'remove']).optional(),
  minSamples: z.int().min(1).default(20),
  confidence: part()
    .gt(0.5, expected('a part of one above 0.5, such as 0.98'))
    .lt(1, expected('a part of one below 1, such as 0.98'))
    .default(0.98),
  tolerance: part().min(0).lt(1, expected('a part of one below 1, such as 0.25')).optional(),
  effect: effect.prefault({}),
  baseline: values().optional(),
  canary: values().optional(),
  counts: z.strictObject({ baseline: count, canary: count }).optional(),
});

const fields = z.strictObject({
  thresholds: z.strictObject({ pass: percent().default(95), marginal: percent().default(75) }).prefault({}),
  groups: z.record(z.string(), percent()).default({}),
  metrics: z.array(metric).min(1),
});

export type JudgeInput = z.output<typeof fields>;
export type MetricInput = z.output<typeof metric>;

/** What must hold between the parts; `piecewise` lets it run although other parts are wrong. */
const schema = fields.superRefine((input, context) => {
  const readable = (...path: (string | number)[]): boolean => isReadable(context.issues, ...path);
  if (readable('thresholds') && input.thresholds.marginal > input.thresholds.pass) {
    const { pass, marginal } = input.thresholds;
    mistake(
      context,
      ['thresholds', 'marginal'],
      `expected at most pass, which is ${pass}, seen the number ${marginal}`,
    );
  }
  if (!Array.isArray(input.metrics)) return;
  const names = new Map<string, number>();
  input.metrics.forEach((one, index) => {
    if (!readable('metrics', index)) return;
    const earlier = names.get(one.name);
    if (earlier !== undefined)
      mistake(
        context,
        ['metrics', index, 'name'],
        `expected each name once, seen "${one.name}" at metrics[${earlier}] too`,
      );
    names.set(one.name, earlier ?? index);
    for (const { path, message } of metricMistakes(one)) mistake(context, ['metrics', index, ...path], message);
  });
  if (readable('metrics') && readable('groups')) {
    for (const { path, message } of groupMistakes(input)) mistake(context, path, message);
  }
}, piecewise);

function groupMistakes({ groups, metrics }: JudgeInput): Mistake[] {
  const used = new Set(metrics.map(({ group }) => group));
  const unused = Object.keys(groups).filter((name) => !used.has(name));
  const mistakes = unused.map((name) => ({
    path: ['groups', name],
    message: `expected a group that a metric has (${[...used].join(', ')}), seen "${name}"`,
  }));
  const sum = Object.values(groups).reduce((total, weight) => total + weight, 0);
  const open = [...used].filter((name) => !(name in groups));
  const said = (wanted: string): Mistake => ({
    path: ['groups'],
    message: `expected weights that add up to ${wanted}, seen the sum ${Number(sum.toPrecision(10))}`,
  });
  if (Object.keys(groups).length === 0) return mistakes;
  if (open.length === 0 && Math.abs(sum - 100) > 1e-6) return [...mistakes, said('100')];
  if (open.length > 0 && sum >= 100)
    return [...mistakes, said(`less than 100, since ${open.join(', ')} gets the rest`)];
  return mistakes;
}

function metricMistakes(one: MetricInput): Mistake[] {
  return [...dataMistakes(one), ...effectMistakes(one)];
}

function dataMistakes({ counts, baseline, canary, missing, outliers }: MetricInput): Mistake[] {
  const of = (path: (string | number)[], message: string): Mistake => ({ path, message });
  if (!counts) {
    if (baseline && canary) return [];
    if (!baseline && !canary) return [of([], 'expected baseline and canary, or counts, seen neither')];
    return [of([baseline ? 'canary' : 'baseline'], 'expected a list, seen nothing')];
  }
  const values = Object.entries({ baseline, canary }).filter(([, list]) => list !== undefined);
  const settings = Object.entries({ missing, outliers }).filter(([, setting]) => setting !== undefined);
  return [
    ...values.map(([key]) => of([key], 'expected either counts or lists of values, seen both')),
    ...settings.map(([key]) => of([key], 'expected no such setting for counts')),
    ...(['baseline', 'canary'] as const)
      .filter((slot) => counts[slot].bad > counts[slot].total)
      .map((slot) =>
        of(
          ['counts', slot, 'bad'],
          `expected at most total, which is ${counts[slot].total}, seen the number ${counts[slot].bad}`,
        ),
      ),
  ];
}

function effectMistakes({ effect: limits, counts }: MetricInput): Mistake[] {
  const { allowedIncrease, criticalIncrease, allowedDecrease, criticalDecrease, measure } = limits;
  const mistakes: Mistake[] = [];
  const say = (key: keyof typeof limits, wanted: string): void => {
    mistakes.push({ path: ['effect', key], message: `expected ${wanted}, seen ${String(limits[key])}` });
  };
  if (counts && measure === 'cles') say('measure', 'meanRatio for counts');
  if (allowedIncrease !== undefined && criticalIncrease !== undefined && criticalIncrease < allowedIncrease)
    say('criticalIncrease', `at least allowedIncrease, which is ${allowedIncrease}`);
  if (allowedDecrease !== undefined && criticalDecrease !== undefined && criticalDecrease > allowedDecrease)
    say('criticalDecrease', `at most allowedDecrease, which is ${allowedDecrease}`);
  const keys = ['allowedIncrease', 'criticalIncrease', 'allowedDecrease', 'criticalDecrease'] as const;
  for (const key of keys.filter((one) => measure === 'cles' && (limits[one] ?? 0) > 1)) say(key, 'a part of one');
  return mistakes;
}

/** Reads what is to be judged, or tells every mistake with its path. */
export function parseJudgeInput(raw: unknown): { input: JudgeInput } | { mistakes: Mistake[] } {
  const parsed = schema.safeParse(raw, { error: explain });
  if (parsed.success) return { input: parsed.data };
  return { mistakes: parsed.error.issues.flatMap(told) };
}

function told(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path as (string | number)[];
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const allowed = keysAt(path);
  return issue.keys.map((key) => {
    const near = nearest(key, allowed);
    const message = near === undefined ? `expected one of ${allowed.join(', ')}` : `did you mean "${near}"?`;
    return { path: [...path, key], message: `unknown key, ${message}` };
  });
}

/** The keys of the mapping at this path; only mappings with fixed keys can have unknown ones. */
function keysAt(path: (string | number)[]): string[] {
  if (path.length === 0) return Object.keys(fields.shape);
  if (path[0] === 'thresholds') return ['pass', 'marginal'];
  if (path.length === 2) return Object.keys(metric.shape);
  if (path[2] === 'effect') return Object.keys(effect.shape);
  return path.length === 3 ? ['baseline', 'canary'] : Object.keys(count.shape);
}
