import type { MetricInput } from '../../config/judge';
import { number } from './effect';
import { dependenceOf, inflationOf } from '../statistics/dependence';
import { commonestPart, withoutOutliers } from '../statistics/samples';

export interface Prepared {
  /** In the order of time. */
  values: number[];
  /** The same, ascending, without what arithmetic on doubles adds to equal values. */
  sorted: Float64Array;
  /** Those by which the size of an effect is measured: without outliers, if that was asked for. */
  typical: number[];
  present: number;
  points: number;
  /** How much of a value stays in the next: 0 nothing, almost 1 nearly all. */
  dependence: number;
  inflation: number;
}

const DIGITS = 12;

/** Whether values stand in the order in which they were measured; in a file they may have been sorted. */
export type Order = 'time' | 'unknown';

/** Prepares what was measured of one side as the settings of its metric say. */
export function prepared(raw: readonly (number | null)[], { missing, outliers }: MetricInput, order: Order): Prepared {
  const there = raw.filter((value) => value !== null);
  const values = missing === 'zero' ? raw.map((value) => value ?? 0) : there;
  const compared = values.map((value) => Number(value.toPrecision(DIGITS)));
  const dependence = order === 'unknown' && isGrouped(compared) ? 0 : dependenceOf(compared);
  return {
    values,
    sorted: Float64Array.from(compared).sort(),
    // Ranks are not moved by outliers, and must not lose what is the difference itself: a few high values among zeros.
    typical: outliers === 'remove' ? withoutOutliers(values) : values,
    present: there.length,
    points: raw.length,
    dependence,
    inflation: inflationOf(dependence),
  };
}

/** Why a test of ranks would have seen nothing; undefined when it would. */
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

// Nothing that is measured comes sorted, or with all of its equal values together: people put it so.
function isGrouped(values: number[]): boolean {
  const steps = values.slice(1).map((value, index) => value - values[index]!);
  return steps.every((step) => step >= 0) || steps.every((step) => step <= 0) || commonestPart(values) > 0.5;
}

/** Such as `the values depend on each other (by 0.8), so that 60 are worth 6`. */
export function dependence({ dependence: by, values, inflation }: Prepared): string {
  const worth = Math.max(1, Math.round(values.length / inflation));
  return `values of the baseline depend on each other: ${number(by)} of one stays in the next, and ${values.length} are worth ${worth}`;
}
