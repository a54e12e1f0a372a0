import { quantile } from '../counters';
import { certainty, missingOf, type LiveVerdict } from './counts';
import type { LatencyState } from '../statistics/sequential-latency';
import { formatDuration } from '../../units';

const PARTS = [
  { part: 0.95, name: 'p95' },
  { part: 0.5, name: 'median' },
  { part: 0.99, name: 'p99' },
  { part: 0.999, name: 'p99.9' },
];
/** Both quantiles may be off by so many standard errors, and the difference must still matter. */
const MARGIN = 2;
/** So many requests must be slower than a quantile: p99.9 of 200 requests would only be the slowest one. */
const BEYOND = 5;
const WIDE = 2.33;

interface Size {
  name: string;
  /** Milliseconds; Infinity beyond the last bound. */
  live: number;
  canary: number;
  ratio: number;
  sure: number;
  interval: { lower: number; upper: number };
}

interface LatencySettings {
  level: number;
  allowed: number;
  slowerBy: number;
  minRequests: number;
}

export function latencyVerdict(
  name: string,
  state: Pick<LatencyState, 'bounds' | 'baseline' | 'canary' | 'pValue'>,
  { level, allowed, slowerBy, minRequests }: LatencySettings,
): LiveVerdict {
  const counts = { live: sum(state.baseline), canary: sum(state.canary) };
  const fewest = Math.min(counts.live, counts.canary);
  const sizes = PARTS.filter(({ part }) => fewest * (1 - part) >= BEYOND).map((part) => sizeOf(state, part));
  const largest = sizes
    .filter(({ canary, live }) => canary - live > slowerBy)
    .reduce<Size | undefined>((most, one) => (most && most.sure >= one.sure ? most : one), undefined);
  const isSlower = state.pValue <= level && largest !== undefined && largest.sure > allowed;
  const missing = isSlower ? undefined : missingOf(counts, minRequests);
  const shown = isSlower ? largest : sizes[0];
  if (missing || !shown) {
    return { name, critical: false, interval: null, shift: null, deviation: null, ...(missing ?? NOTHING) };
  }
  const of = `of ${counts.canary} and ${counts.live} requests`;
  return {
    name,
    label: isSlower ? 'high' : 'pass',
    critical: isSlower,
    interval: { lower: finite(shown.interval.lower), upper: finite(shown.interval.upper) },
    shift: finite(shown.canary - shown.live),
    deviation: finite(shown.ratio),
    reason: `${sizeText(shown, allowed)} ${of}; ${certainty(state.pValue, level)}`,
  };
}

const NOTHING = { label: 'nodata' as const, reason: 'no latencies seen' };

function sizeOf(
  { bounds, baseline, canary }: Pick<LatencyState, 'bounds' | 'baseline' | 'canary'>,
  at: (typeof PARTS)[0],
): Size {
  const of = (counts: readonly number[], errors: number): number => {
    const requests = sum(counts);
    const place = at.part + errors * Math.sqrt((at.part * (1 - at.part)) / requests);
    const latency = bounds.map((upTo, bucket) => ({ upTo, count: counts[bucket]! }));
    return quantile({ latency, requests, errors: 0 }, Math.min(1, Math.max(0, place)))!;
  };
  const ratio = (errors: number): number => ratioOf(of(canary, errors), of(baseline, -errors));
  return {
    name: at.name,
    live: of(baseline, 0),
    canary: of(canary, 0),
    ratio: ratio(0),
    sure: ratio(-MARGIN),
    interval: { lower: ratio(-WIDE), upper: ratio(WIDE) },
  };
}

function ratioOf(now: number, before: number): number {
  if (before === Infinity) return now === Infinity ? 1 : 0;
  return now / before;
}

function sizeText({ name, live, canary, ratio }: Size, allowed: number): string {
  const times = ratio === Infinity ? 'beyond any bound' : `${Number(ratio.toPrecision(3))} times`;
  return `${name} ${latencyText(canary)}, live: ${latencyText(live)} (${times}, ${allowed} allowed)`;
}

function latencyText(ms: number): string {
  if (ms === Infinity) return 'beyond the last bound';
  return ms < 1_000 ? `${Number(ms.toPrecision(3))} ms` : formatDuration(ms);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
