import type { MetricInput } from '../../config/judge';
import { effectText, intervalText, isBeyond, number } from './effect';
import { blindness, dependence, prepared, type Order, type Prepared } from './evidence';
import type { Finding, Label } from './finding';
import { chancesOfHigher, chancesOfLower, leastChance, type Chances } from '../statistics/higher';
import { strictTail } from '../statistics/normal';
import { mean } from '../statistics/samples';
import { shiftBetween, type Shift } from '../statistics/shift';
import { formatCount } from '../../units';

/** The value is Kayenta's. */
const TOLERANCE = 0.25;

type Side = 'high' | 'low';

export function judgeValues(metric: MetricInput, order: Order): Finding {
  const baseline = prepared(metric.baseline ?? [], metric, order);
  const canary = prepared(metric.canary ?? [], metric, order);
  const empty = [baseline, canary].map(({ present }) => present === 0);
  if (empty.some(Boolean)) {
    const who = empty.every(Boolean) ? 'baseline and canary have' : `${empty[0] ? 'baseline' : 'canary'} has`;
    return none('nodata', `${who} no data`);
  }
  const [few] = Object.entries({ baseline, canary }).filter(([, { values }]) => values.length < metric.minSamples);
  if (few)
    return none(
      'inconclusive',
      `${formatCount(few[1].values.length, 'value')} of the ${few[0]} seen, ${metric.minSamples} needed`,
    );
  return compare(metric, baseline, canary);
}

function compare(metric: MetricInput, baseline: Prepared, canary: Prepared): Finding {
  const shift = shiftBetween(canary.values, baseline.values, metric.confidence);
  const deviation = deviationOf(metric, shift, baseline.typical, canary.typical);
  const { estimate, interval } = shift;
  const found = (label: Label, why: string): Finding => ({ label, interval, shift: estimate, deviation, reason: why });
  const tail = strictTail(metric.confidence, metric.tolerance ?? TOLERANCE);
  const certain = certainSide(metric, baseline, canary, tail);
  const facts = `shift ${number(estimate)} ${intervalText(interval, metric.confidence)}`;
  if (certain) {
    const { side, chance } = certain;
    // Where most pairs tie, the shift is 0 whatever happens, and convinces nobody.
    const told = estimate === 0 ? `${facts}, p = ${number(2 * chance)}` : facts;
    const way = `canary is ${side === 'high' ? 'higher' : 'lower'}: ${told}`;
    const effect = effectText(metric.effect, deviation, side);
    if (isBeyond(metric.effect, deviation, side)) return found(side, `${way}, ${effect}`);
    const blind = blindness(baseline, canary);
    return blind ? found('inconclusive', `${blind}; ${effect}`) : found('pass', `${way}, but ${effect}`);
  }
  const isSmall = isWithin(metric, shift, deviation);
  const doubt = doubtOf(metric, { baseline, canary }, { isSmall, tail });
  if (doubt !== undefined) return found('inconclusive', doubt);
  const change = directionOf(metric) === 'either' ? 'change' : directionOf(metric);
  return found('pass', `no ${change} that matters: ${facts}`);
}

function certainSide(
  metric: MetricInput,
  baseline: Prepared,
  canary: Prepared,
  tail: number,
): { side: Side; chance: number } | undefined {
  const direction = directionOf(metric);
  const { inflation } = baseline;
  // There is no estimate for parts, so no tolerance can be taken away from it.
  const tails = { ranks: tail, parts: inflation === 1 ? (1 - metric.confidence) / 2 : tail };
  const isCertain = ({ ranks, parts }: Chances): boolean => ranks <= tails.ranks || parts <= tails.parts;
  const [xs, ys] = [canary.sorted, baseline.sorted];
  const high = chancesOfHigher(xs, ys, inflation);
  if (direction !== 'decrease' && isCertain(high)) return { side: 'high', chance: Math.min(high.ranks, high.parts) };
  const low = chancesOfLower(xs, ys, inflation);
  if (direction === 'increase' || !isCertain(low)) return undefined;
  return { side: 'low', chance: Math.min(low.ranks, low.parts) };
}

function doubtOf(
  metric: MetricInput,
  { baseline, canary }: { baseline: Prepared; canary: Prepared },
  { isSmall, tail }: { isSmall: boolean; tail: number },
): string | undefined {
  const [count, ys] = [canary.values.length, baseline.sorted];
  if (leastChance(count, ys, 1) > tail) {
    const { confidence, tolerance = TOLERANCE } = metric;
    const asked = `a confidence of ${number(100 * confidence)} %${tolerance > 0 ? ` and a tolerance of ${number(tolerance)}` : ''}`;
    return `${count} and ${ys.length} values are too few for ${asked}`;
  }
  const blind = blindness(baseline, canary);
  if (blind) return `${blind}, so that no difference could show`;
  if (leastChance(count, ys, baseline.inflation) <= tail || isSmall) return undefined;
  return `${dependence(baseline)}, so that no difference could show: read it less often, for longer`;
}

function isWithin(metric: MetricInput, { cles }: Shift, deviation: number | null): boolean {
  const direction = directionOf(metric);
  const isUp = direction === 'either' ? cles >= 0.5 : direction === 'increase';
  return !isBeyond(metric.effect, deviation, isUp ? 'high' : 'low');
}

function directionOf({ direction = 'either' }: MetricInput): 'increase' | 'decrease' | 'either' {
  return direction;
}

function deviationOf({ effect }: MetricInput, { cles }: Shift, baseline: number[], canary: number[]): number | null {
  if (effect.measure === 'cles') return cles;
  const [before, now] = [mean(baseline), mean(canary)];
  if (before === 0) return now === 0 ? 1 : null;
  // More is above 1 with a negative baseline too.
  return 1 + (now - before) / Math.abs(before);
}

function none(label: Label, reason: string): Finding {
  return { label, interval: null, shift: null, deviation: null, reason };
}
