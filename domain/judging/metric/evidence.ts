import type { MetricInput } from '../../config/judge';
import { number } from './effect';
import { dependenceOf, inflationOf } from '../statistics/dependence';
import { commonestPart, withoutOutliers } from '../statistics/samples';

export interface Prepared {
  values: number[];
  /** Ascending, without the rounding errors that make equal values differ. */
  sorted: Float64Array;
  typical: number[];
  present: number;
  points: number;
  /** How much of a value stays in the next: 0 nothing, almost 1 nearly all. */
  dependence: number;
  inflation: number;
}

const DIGITS = 12;

/** Values in a file may have been sorted, so that their order says nothing. */
export type Order = 'time' | 'unknown';

export function prepared(raw: readonly (number | null)[], { missing, outliers }: MetricInput, order: Order): Prepared {
  const there = raw.filter((value) => value !== null);
  const values = missing === 'zero' ? raw.map((value) => value ?? 0) : there;
  const compared = values.map((value) => Number(value.toPrecision(DIGITS)));
  const dependence = order === 'unknown' && isGrouped(compared) ? 0 : dependenceOf(compared);
  return {
    values,
    sorted: Float64Array.from(compared).sort(),
    // Ranks keep outliers: they are robust, and a few high values among zeros may be the difference.
    typical: outliers === 'remove' ? withoutOutliers(values) : values,
    present: there.length,
    points: raw.length,
    dependence,
    inflation: inflationOf(dependence),
  };
}

/** Says why a test of ranks would have seen nothing; undefined when it would. */
export function blindness(baseline: Prepared, canary: Prepared): string | undefined {
  const sides = Object.entries({ baseline, canary });
  const [constant] = sides.filter(([, { values }]) => commonestPart(values) === 1);
  if (constant)
    return `all ${constant[1].values.length} values of the ${constant[0]} are ${number(constant[1].values[0]!)}`;
  for (const [name, { values, present, points }] of sides) {
    const commonest = commonestPart(values);
    if (present * 2 < points) return `only ${present} of ${points} values of the ${name} are there`;
    if (commonest > 0.5) return `${number(100 * commonest)} % of the values of the ${name} are one and the same`;
  }
  return undefined;
}

// Measured values never come sorted or grouped: a person put them so.
function isGrouped(values: number[]): boolean {
  const steps = values.slice(1).map((value, index) => value - values[index]!);
  return steps.every((step) => step >= 0) || steps.every((step) => step <= 0) || commonestPart(values) > 0.5;
}

export function dependence({ dependence: by, values, inflation }: Prepared): string {
  const worth = Math.max(1, Math.round(values.length / inflation));
  return `values of the baseline depend on each other: ${number(by)} of one stays in the next, and ${values.length} are worth ${worth}`;
}
