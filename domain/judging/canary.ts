import type { Limits } from '../config';
import type { Judgement, Slot } from '../release';
import { formatDuration } from '../units';

/*
 * Limits, judged. Counters are cumulative and compared with a baseline, so no sample is ever lost or counted twice.
 * They are one of the things that decide a soak (soak-verdict.ts).
 */

/** Requests by upper bound of their latency in ms; null stands for no bound. */
export type Latency = { upTo: number | null; count: number }[];

/** What a router counted for one service in one slot. */
export interface Counters {
  requests: number;
  /** Answers 5xx, and requests that got no answer. */
  errors: number;
  latency: Latency;
}

/** Counters since `process` began; another process began at zero. */
export interface Counted {
  process: string;
  slots: Record<Slot, Record<string, Counters>>;
}

export interface Evidence {
  /** By service; null when the router counts nothing, or could not be asked. */
  services: Record<string, Counters> | null;
  /** Why there is less evidence than the time would give: `the router restarted`. */
  gap?: string;
  /** Consecutive failed probes by what was asked, and what the last one saw. */
  probes: Record<string, { failures: number; seen: string }>;
}

/** A summary for reports. */
export interface Totals {
  requests: number;
  errors: number;
  /** Milliseconds; null when nothing was measured. Infinity when more than 5 % got no answer. */
  p95: number | null;
}

/**
 * What happened in a slot since the baseline. Counters of another process, or lower ones, began anew at zero after the
 * baseline was taken: then only what came since then is evidence, and nothing is added up across it.
 */
export function evidenceSince(baseline: Counted, now: Counted, slot: Slot): Pick<Evidence, 'services' | 'gap'> {
  const isNew = baseline.process !== now.process || hasFallen(baseline.slots[slot], now.slots[slot]);
  const before = isNew ? {} : baseline.slots[slot];
  const services = Object.entries(now.slots[slot]).map(
    ([service, counters]) => [service, difference(before[service], counters)] as const,
  );
  return {
    services: Object.fromEntries(services),
    ...(isNew && { gap: 'the router began to count anew, evidence from before is not used' }),
  };
}

/**
 * Judges by limits: any breach with enough evidence fails, too little evidence is inconclusive, and without limits nothing
 * is judged.
 * Each service is judged alone as soon as it has enough requests of its own, and all of them together.
 */
export function judgeLimits(limits: Limits, evidence: Evidence): Judgement {
  const because = (reason: string): string => (evidence.gap ? `${reason} (${evidence.gap})` : reason);
  const breach = probeBreach(limits, evidence) ?? breachOfCounters(limits, evidence.services ?? {});
  if (breach) return { verdict: 'fail', reason: because(breach) };
  if (limits.errorRate === undefined && limits.p95 === undefined) return passWithoutCounters(limits, evidence);
  if (!evidence.services) {
    const why = evidence.gap ?? 'the router counts no requests';
    return { verdict: 'inconclusive', reason: `errorRate and p95 cannot be judged: ${why}` };
  }
  const { requests, errors, p95 } = totals(evidence.services);
  if (requests < limits.minRequests) {
    return { verdict: 'inconclusive', reason: because(`${requests} requests seen, ${limits.minRequests} needed`) };
  }
  if (requests === 0) return withoutRequests(limits, evidence);
  const rate = `, error rate ${percent(errors, requests)}`;
  return {
    verdict: 'pass',
    reason: because(`${requests} requests${rate}${p95 === null ? '' : `, p95 ${duration(p95)}`}`),
  };
}

/** All services of a slot together. */
export function totals(services: Record<string, Counters>): Totals {
  const all = sumUp(Object.values(services));
  return { requests: all.requests, errors: all.errors, p95: quantile(all, 0.95) };
}

/**
 * Latencies are read a moment after requests. Those that ended between the two when the baseline was read are missing
 * from the latencies since then, as many as this; errors among the first few requests would look unanswered.
 */
const BETWEEN_READINGS = 5;

/**
 * Latency in ms below which a part of the requests stayed, interpolated within its bucket; Infinity when it lies among
 * those that got no answer in time; null without requests.
 */
export function quantile({ latency, requests, errors }: Counters, part: number): number | null {
  const measured = latency.reduce((sum, { count }) => sum + count, 0);
  // The router answers in place of a version that does not: such requests have no latency.
  const unanswered = Math.min(errors, Math.max(0, requests - measured - BETWEEN_READINGS));
  const wanted = part * (measured + unanswered);
  if (measured + unanswered === 0) return null;
  let below = 0;
  let from = 0;
  for (const { upTo, count } of latency) {
    if (count > 0 && below + count >= wanted) {
      return upTo === null ? Infinity : from + ((upTo - from) * Math.max(0, wanted - below)) / count;
    }
    below += count;
    from = upTo ?? from;
  }
  return Infinity;
}

/** What was counted between two readings; all of it when there is none before. */
export function difference(before: Counters | undefined, now: Counters): Counters {
  if (!before) return now;
  const earlier = new Map(before.latency.map(({ upTo, count }) => [upTo, count]));
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    latency: now.latency.map(({ upTo, count }) => ({ upTo, count: Math.max(0, count - (earlier.get(upTo) ?? 0)) })),
  };
}

function hasFallen(before: Record<string, Counters>, now: Record<string, Counters>): boolean {
  return Object.entries(before).some(
    ([service, { requests, errors }]) =>
      (now[service]?.requests ?? 0) < requests || (now[service]?.errors ?? 0) < errors,
  );
}

/** Counters of several services, or of several times, as one. */
export function sumUp(all: Counters[]): Counters {
  const latency = new Map<number | null, number>();
  for (const { upTo, count } of all.flatMap((one) => one.latency)) latency.set(upTo, (latency.get(upTo) ?? 0) + count);
  return {
    requests: all.reduce((sum, one) => sum + one.requests, 0),
    errors: all.reduce((sum, one) => sum + one.errors, 0),
    latency: [...latency]
      .map(([upTo, count]) => ({ upTo, count }))
      .sort((a, b) => (a.upTo ?? Infinity) - (b.upTo ?? Infinity)),
  };
}

function probeBreach({ healthFailures }: Limits, { probes }: Evidence): string | undefined {
  if (healthFailures === undefined) return undefined;
  const breach = Object.entries(probes).find(([, { failures }]) => failures >= healthFailures);
  if (!breach) return undefined;
  const [name, { failures, seen }] = breach;
  return `${name}: ${failures} failed probes in a row, ${healthFailures} fail it: ${seen}`;
}

/** The first breach of a limit, of each service with enough requests and of all together. */
export function breachOfCounters(limits: Limits, services: Record<string, Counters>): string | undefined {
  for (const [name, counters] of subjectsOf(services)) {
    const breach = counters.requests >= Math.max(1, limits.minRequests) ? breachOf(limits, counters) : undefined;
    if (breach) return `${name}: ${breach}`;
  }
  return undefined;
}

/** Each service, and all together when there are several. */
export function subjectsOf(services: Record<string, Counters>): (readonly [string, Counters])[] {
  const all = Object.entries(services);
  return all.length > 1 ? [...all, ['all services', sumUp(all.map(([, one]) => one))]] : all;
}

function breachOf({ errorRate, p95: limit }: Limits, counters: Counters): string | undefined {
  const { requests, errors } = counters;
  if (errorRate !== undefined && (100 * errors) / requests > errorRate) {
    return `error rate ${percent(errors, requests)} (${errors} of ${requests} requests) > ${errorRate} %`;
  }
  const p95 = quantile(counters, 0.95);
  if (limit !== undefined && p95 !== null && p95 > limit) {
    return `p95 ${duration(p95)} (of ${requests} requests) > ${formatDuration(limit)}`;
  }
  return undefined;
}

/** Nothing has to be seen where none are needed, but what was not seen did not pass. */
function withoutRequests(limits: Limits, evidence: Evidence): Judgement {
  if (limits.healthFailures !== undefined) return passWithoutCounters(limits, evidence);
  const why = evidence.gap === undefined ? '' : ` (${evidence.gap})`;
  return { verdict: 'not judged', reason: `0 requests seen, and none needed${why}` };
}

function passWithoutCounters({ healthFailures }: Limits, { probes, gap }: Evidence): Judgement {
  if (healthFailures === undefined) return { verdict: 'not judged', reason: 'no limits configured' };
  const names = Object.keys(probes);
  if (names.length === 0) return { verdict: 'inconclusive', reason: `nothing could be probed${gap ? `: ${gap}` : ''}` };
  return { verdict: 'pass', reason: `fewer than ${healthFailures} failed probes in a row of ${names.join(', ')}` };
}

function percent(part: number, whole: number): string {
  return `${Number(((100 * part) / whole).toPrecision(3))} %`;
}

function duration(ms: number): string {
  return ms === Infinity ? 'beyond any bound' : formatDuration(ms);
}
