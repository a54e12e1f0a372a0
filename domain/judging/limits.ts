import { byService, quantile, sumUp, type Evidence, type Services } from './counters';
import type { Limits } from '../config';
import type { Judgement } from '../release';
import type { SlotCounters } from '../router';
import { formatCount, formatDuration } from '../units';
import { serviceName } from './subject';

interface Totals {
  requests: number;
  errors: number;
  /** Milliseconds; null when nothing was measured, Infinity when more than 5 % got no answer. */
  p95: number | null;
}

/** Judges each service by itself once it has enough requests, and all together. Too little evidence is inconclusive. */
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
    return {
      verdict: 'inconclusive',
      reason: because(`${formatCount(requests, 'request')} seen, ${limits.minRequests} needed`),
    };
  }
  if (requests === 0) return withoutRequests(limits, evidence);
  const rate = `, error rate ${percent(errors, requests)}`;
  return {
    verdict: 'pass',
    reason: because(`${formatCount(requests, 'request')}${rate}${p95 === null ? '' : `, p95 ${duration(p95)}`}`),
  };
}

export function totals(services: Services): Totals {
  const all = sumUp(Object.values(services));
  return { requests: all.requests, errors: all.errors, p95: quantile(all, 0.95) };
}

function probeBreach({ healthFailures }: Limits, { probes }: Evidence): string | undefined {
  if (healthFailures === undefined) return undefined;
  const breach = Object.entries(probes).find(([, { failures }]) => failures >= healthFailures);
  if (!breach) return undefined;
  const [name, { failures, seen }] = breach;
  return `${name}: ${formatCount(failures, 'failed probe')} in a row, ${healthFailures} fail it: ${seen}`;
}

export function breachOfCounters(limits: Limits, services: Services): string | undefined {
  for (const [service, counters] of byService(services)) {
    const breach = counters.requests >= Math.max(1, limits.minRequests) ? breachOf(limits, counters) : undefined;
    if (breach) return `${serviceName(service)}: ${breach}`;
  }
  return undefined;
}

function breachOf({ errorRate, p95: limit }: Limits, counters: SlotCounters): string | undefined {
  const { requests, errors } = counters;
  if (errorRate !== undefined && (100 * errors) / requests > errorRate) {
    return `error rate ${percent(errors, requests)} (${errors} of ${formatCount(requests, 'request')}) > ${errorRate} %`;
  }
  const p95 = quantile(counters, 0.95);
  if (limit !== undefined && p95 !== null && p95 > limit) {
    return `p95 ${duration(p95)} (of ${formatCount(requests, 'request')}) > ${formatDuration(limit)}`;
  }
  return undefined;
}

// Nothing has judged the version without any request or probe.
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
