import type { MetricInput } from './config-judge';
import { effectText, intervalText, isBeyond, number } from './judge-effect';
import type { Finding, Label } from './judge-finding';
import { commonestPart, mean, withoutOutliers } from './statistics/samples';
import { shiftBetween, type Shift } from './statistics/shift';

/** Kayenta's: how much of the estimate must be certain. */
const TOLERANCE = 0.25;
// What arithmetic on doubles can add to a difference of equal values.
const ROUNDING = 2 ** -40;

/** Judges lists of values by ranks; see docs/judging.md. */
export function judgeValues(metric: MetricInput): Finding {
  const baseline = prepared(metric.baseline ?? [], metric);
  const canary = prepared(metric.canary ?? [], metric);
  const empty = [baseline, canary].map(({ present }) => present === 0);
  if (empty.some(Boolean)) {
    const who = empty.every(Boolean) ? 'baseline and canary have' : `${empty[0] ? 'baseline' : 'canary'} has`;
    return none('nodata', `${who} no data`);
  }
  const [few] = Object.entries({ baseline, canary }).filter(([, { values }]) => values.length < metric.minSamples);
  if (few)
    return none('inconclusive', `${few[1].values.length} values of the ${few[0]} seen, ${metric.minSamples} needed`);
  return compare(metric, baseline, canary);
}

interface Prepared {
  values: number[];
  /** Values that were really there. */
  present: number;
  points: number;
}

function prepared(raw: readonly (number | null)[], { missing, outliers }: MetricInput): Prepared {
  const there = raw.filter((value) => value !== null);
  const values = missing === 'zero' ? raw.map((value) => value ?? 0) : there;
  return {
    values: outliers === 'remove' ? withoutOutliers(values) : values,
    present: there.length,
    points: raw.length,
  };
}

function compare(metric: MetricInput, baseline: Prepared, canary: Prepared): Finding {
  const shift = shiftBetween(canary.values, baseline.values, metric.confidence);
  const deviation = deviationOf(metric, shift, baseline.values, canary.values);
  const { estimate, interval } = shift;
  const found = (label: Label, why: string): Finding => ({ label, interval, shift: estimate, deviation, reason: why });
  const facts = `shift ${number(estimate)} ${intervalText(interval, metric.confidence)}`;
  const side = sideOf(metric, shift, largest(baseline.values, canary.values));
  if (side !== undefined) {
    const way = `canary is ${side === 'high' ? 'higher' : 'lower'}: ${facts}`;
    const effect = effectText(metric.effect, deviation, side);
    if (isBeyond(metric.effect, deviation, side)) return found(side, `${way}, ${effect}`);
    const constant = constancy(baseline, canary);
    return constant ? found('inconclusive', `${constant}; ${effect}`) : found('pass', `${way}, but ${effect}`);
  }
  if (interval.lower === null) {
    const sizes = `${canary.values.length} and ${baseline.values.length} values`;
    return found('inconclusive', `${sizes} are too few for a confidence of ${number(100 * metric.confidence)} %`);
  }
  const blind = blindness(baseline, canary);
  if (blind) return found('inconclusive', `${blind}, so that no difference could show`);
  return found(
    'pass',
    `no ${metric.direction === undefined || metric.direction === 'either' ? 'change' : metric.direction} that matters: ${facts}`,
  );
}

/**
 * The side on which the canary surely is, if that side matters. As in Kayenta the interval must lie beyond a part of the
 * estimate, so nothing depends on the unit. Where most pairs tie, the estimate is zero and cannot tell: there the test
 * itself does.
 */
function sideOf(metric: MetricInput, shift: Shift, scale: number): 'high' | 'low' | undefined {
  const { direction = 'either', tolerance = TOLERANCE, confidence } = metric;
  const { estimate, interval, pValue, cles } = shift;
  if (interval.lower === null || interval.upper === null) return undefined;
  const margin = Math.max(tolerance * Math.abs(estimate), ROUNDING * scale);
  const tied = Math.abs(estimate) <= ROUNDING * scale && pValue < 1 - confidence;
  const isHigh = tied ? cles > 0.5 : interval.lower > margin;
  const isLow = tied ? cles < 0.5 : interval.upper < -margin;
  if (isHigh && direction !== 'decrease') return 'high';
  return isLow && direction !== 'increase' ? 'low' : undefined;
}

function deviationOf({ effect }: MetricInput, { cles }: Shift, baseline: number[], canary: number[]): number | null {
  if (effect.measure === 'cles') return cles;
  const [before, now] = [mean(baseline), mean(canary)];
  if (before === 0) return now === 0 ? 1 : null;
  // For a negative baseline too, more is above 1.
  return 1 + (now - before) / Math.abs(before);
}

/** Why a test of ranks would have seen nothing. */
function blindness(baseline: Prepared, canary: Prepared): string | undefined {
  const constant = constancy(baseline, canary);
  if (constant) return constant;
  for (const [name, { values, present, points }] of Object.entries({ baseline, canary })) {
    const commonest = commonestPart(values);
    if (present * 2 < points) return `only ${present} of ${points} values of the ${name} are there`;
    if (commonest > 0.5) return `${number(100 * commonest)} % of the values of the ${name} are one and the same`;
  }
  return undefined;
}

function constancy(baseline: Prepared, canary: Prepared): string | undefined {
  const [found] = Object.entries({ baseline, canary }).filter(([, { values }]) => commonestPart(values) === 1);
  return found && `all ${found[1].values.length} values of the ${found[0]} are ${number(found[1].values[0]!)}`;
}

function largest(...lists: number[][]): number {
  return lists.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function none(label: Label, reason: string): Finding {
  return { label, interval: null, shift: null, deviation: null, reason };
}
