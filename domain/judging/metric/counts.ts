import type { MetricInput } from '../../config/judge';
import { effectText, intervalText, isBeyond, number } from './effect';
import type { Finding, Label } from './finding';
import { strictTail } from '../statistics/normal';
import { rateRatioInterval, type Count } from '../statistics/rates';
import { formatCount } from '../../units';

export function judgeCounts(metric: MetricInput, counts: { baseline: Count; canary: Count }): Finding {
  const { baseline, canary } = counts;
  const [few] = Object.entries(counts).filter(([, { total }]) => total < metric.minSamples);
  if (few) {
    const label = few[1].total === 0 ? 'nodata' : 'inconclusive';
    const reason = `${formatCount(few[1].total, 'request')} of the ${few[0]} seen, ${metric.minSamples} needed`;
    return { label, interval: null, shift: null, deviation: null, reason };
  }
  const [before, now] = [baseline.bad / baseline.total, canary.bad / canary.total];
  const interval = rateRatioInterval(canary, baseline, metric.confidence);
  const ratio = before === 0 ? null : now / before;
  const deviation = before === 0 && now === 0 ? 1 : ratio;
  const found = (label: Label, reason: string): Finding => ({
    label,
    interval,
    shift: now - before,
    deviation,
    reason,
  });
  const facts = `${rate(canary)} of the canary, ${rate(baseline)} of the baseline`;
  if (baseline.bad === baseline.total && canary.bad === canary.total) {
    return found('inconclusive', `everything is bad on both sides: ${facts}`);
  }
  const known = `${facts}, ratio ${intervalText(interval, metric.confidence)}`;
  const side = sideOf(metric, counts);
  if (side === undefined) return found('pass', `no difference that matters: ${known}`);
  const effect = effectText(metric.effect, deviation, side);
  return isBeyond(metric.effect, deviation, side)
    ? found(side, `${known}, ${effect}`)
    : found('pass', `${known}, but ${effect}`);
}

/** Finds the side of the ratio that is certain even if the part `tolerance` of the difference were chance. */
function sideOf(
  { direction = 'increase', tolerance = 0, confidence }: MetricInput,
  { baseline, canary }: { baseline: Count; canary: Count },
): 'high' | 'low' | undefined {
  const { lower, upper } = rateRatioInterval(canary, baseline, 1 - 2 * strictTail(confidence, tolerance));
  if (direction !== 'decrease' && lower !== null && lower > 1) return 'high';
  return direction !== 'increase' && upper !== null && upper < 1 ? 'low' : undefined;
}

function rate({ bad, total }: Count): string {
  return `${bad} of ${total} (${number((100 * bad) / total)} %)`;
}
