import type { MetricInput } from '../../config/judge';
import type { Interval } from '../statistics/proportion';

type Effect = MetricInput['effect'];
type Side = 'high' | 'low';

/** An effect without a measure (null, as a ratio to zero) is always large enough to matter. */
export function isBeyond(effect: Effect, deviation: number | null, side: Side): boolean {
  const limit = limitOf(effect, side);
  if (limit === undefined || deviation === null) return true;
  return side === 'high' ? deviation >= limit : deviation <= limit;
}

export function effectText(effect: Effect, deviation: number | null, side: Side): string {
  const limit = limitOf(effect, side);
  if (deviation === null) return 'from a baseline of zero';
  const seen = `${effect.measure} ${number(deviation)}`;
  if (limit === undefined) return seen;
  const beyond = isBeyond(effect, deviation, side);
  const sign = (side === 'high') === beyond ? (beyond ? '≥' : '>') : beyond ? '≤' : '<';
  return `${seen} ${sign} ${number(limit)}`;
}

function limitOf({ allowedIncrease, allowedDecrease }: Effect, side: Side): number | undefined {
  return side === 'high' ? allowedIncrease : allowedDecrease;
}

export function intervalText({ lower, upper }: Interval, confidence: number): string {
  const end = (value: number | null): string => (value === null ? 'open' : number(value));
  return `[${end(lower)}, ${end(upper)}] at ${number(100 * confidence)} %`;
}

export function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
