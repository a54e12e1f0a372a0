import { z } from 'zod';
import { explain, toldBy } from './mistakes';
import {
  effect,
  effectMistakes,
  groupMistakes,
  groups,
  metricSettings,
  nameMistakes,
  thresholdMistakes,
  thresholds,
} from './metric';
import { isReadable, mistake, piecewise, type Mistake } from './rule';
import { expected } from './values';

const values = () => z.array(z.number(expected('a number, or null where it is missing')).nullable());

const count = z.strictObject({ bad: z.int().min(0), total: z.int().min(0) });

const metric = z.strictObject({
  ...metricSettings,
  baseline: values().optional(),
  canary: values().optional(),
  counts: z.strictObject({ baseline: count, canary: count }).optional(),
});

const fields = z.strictObject({
  thresholds: thresholds.prefault({}),
  groups: groups.default({}),
  metrics: z.array(metric).min(1),
});

export type JudgeInput = z.output<typeof fields>;
export type MetricInput = z.output<typeof metric>;

const schema = fields.superRefine((input, context) => {
  const readable = (...path: (string | number)[]): boolean => isReadable(context.issues, ...path);
  const tell = ({ path, message }: Mistake): void => mistake(context, path, message);
  if (readable('thresholds')) thresholdMistakes(input.thresholds).forEach(tell);
  if (!Array.isArray(input.metrics)) return;
  const metrics = input.metrics.map((one, index) => (readable('metrics', index) ? one : undefined));
  nameMistakes(metrics).forEach(tell);
  metrics.forEach((one, index) => {
    if (one) for (const { path, message } of metricMistakes(one)) tell({ path: ['metrics', index, ...path], message });
  });
  if (readable('metrics') && readable('groups')) groupMistakes(input.groups, input.metrics).forEach(tell);
}, piecewise);

function metricMistakes(one: MetricInput): Mistake[] {
  return [...dataMistakes(one), ...effectMistakes(one.effect, one.counts !== undefined)];
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

export function parseJudgeInput(raw: unknown): { input: JudgeInput } | { mistakes: Mistake[] } {
  const parsed = schema.safeParse(raw, { error: explain });
  if (parsed.success) return { input: parsed.data };
  return { mistakes: parsed.error.issues.flatMap(toldBy(keysAt)) };
}

function keysAt(path: (string | number)[]): string[] {
  if (path.length === 0) return Object.keys(fields.shape);
  if (path[0] === 'thresholds') return ['pass', 'marginal'];
  if (path.length === 2) return Object.keys(metric.shape);
  if (path[2] === 'effect') return Object.keys(effect.shape);
  return path.length === 3 ? ['baseline', 'canary'] : Object.keys(count.shape);
}
