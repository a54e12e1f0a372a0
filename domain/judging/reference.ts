import { byService, quantile, type Services } from './counters';
import type { Latency, SlotCounters } from '../router';
import { subjectName, type RouterVerdict, type Subject } from './subject';
import { proportionInterval } from './statistics/proportion';
import { formatDuration } from '../units';

// Without a version beside it, the new one is judged by the rates that were recorded before the switch, at the upper
// end of their intervals. The odds of a mixture of larger rates exceed 1/level with a probability of at most level,
// however often one looks (Ville's inequality).

interface ReferenceSettings {
  level: number;
  allowedErrors: number;
  allowedLatency: number;
  /** Milliseconds. */
  slowerBy: number;
  minRequests: number;
  /** Latency is judged once, by the whole soak. */
  isEnd: boolean;
}

interface Rate {
  bad: number;
  total: number;
}

/** Another time has another load, so more than is allowed beside a live version is no fault yet. */
const ANOTHER_TIME = 1.5;
const RATIOS = [1.25, 1.5, 2, 3, 5, 10];

export function judgeReference(recorded: Services, now: Services, settings: ReferenceSettings): RouterVerdict[] {
  const old = new Map(byService(recorded));
  return byService(now).flatMap(([service, counters]) => {
    const before = old.get(service);
    if (!before) return [];
    const sides = { before, now: counters };
    const compared = [errorsOf(service, sides, settings), slowOf(service, sides, settings)];
    return compared.map((one) => verdictOf(one, settings));
  });
}

interface Compared {
  about: Subject;
  before: Rate;
  now: Rate;
  what: string;
  allowed: number;
  /** True when the difference matters by its size; null until that can be said. */
  matters: boolean | null;
}

interface Sides {
  before: SlotCounters;
  now: SlotCounters;
}

function errorsOf(service: string | null, { before, now }: Sides, { allowedErrors }: ReferenceSettings): Compared {
  const rate = ({ errors, requests }: SlotCounters): Rate => ({ bad: errors, total: Math.max(errors, requests) });
  const about = { kind: 'errors', service } as const;
  const what = { about, what: 'failed', allowed: allowedErrors * ANOTHER_TIME, matters: true };
  return { ...what, before: rate(before), now: rate(now) };
}

/** No other version meets the same busy moments, so only the whole soak is evidence of slowness. */
function slowOf(service: string | null, { before, now }: Sides, settings: ReferenceSettings): Compared {
  const [was, is] = [quantile(before, 0.95) ?? Infinity, quantile(now, 0.95) ?? 0];
  const bound = before.latency.find(({ upTo }) => (upTo ?? Infinity) >= was)?.upTo ?? Infinity;
  const rate = ({ latency }: SlotCounters): Rate => ({
    bad: sum(latency.filter(({ upTo }) => (upTo ?? Infinity) > bound)),
    total: sum(latency),
  });
  const what = bound === Infinity ? 'beyond any bound' : `slower than ${formatDuration(bound)}`;
  const { isEnd, allowedLatency, slowerBy } = settings;
  const matters = isEnd ? is > was * allowedLatency * ANOTHER_TIME && is - was > slowerBy : null;
  const about = { kind: 'latency', service } as const;
  return { about, what, allowed: 1, matters, before: rate(before), now: rate(now) };
}

function verdictOf(compared: Compared, { level, minRequests }: ReferenceSettings): RouterVerdict {
  const { about, before, now, what, allowed, matters } = compared;
  const subject = { name: subjectName(about), about };
  const nothing = { interval: null, shift: null, deviation: null, critical: false };
  const reason = `${text(now)} ${what}, before the switch ${text(before)}`;
  if (matters === null)
    return { ...subject, label: 'inconclusive', ...nothing, reason: `judged at the end; so far ${reason}` };
  if (Math.min(before.total, now.total) < Math.max(1, minRequests))
    return { ...subject, label: now.total === 0 ? 'nodata' : 'inconclusive', ...nothing, reason };
  const [was, is] = [before.bad / before.total, now.bad / now.total];
  const isHigh = matters && isAbove(now, highest(before, level) * allowed, level / 2);
  return {
    ...subject,
    label: isHigh ? 'high' : 'pass',
    critical: isHigh,
    interval: null,
    shift: is - was,
    deviation: was === 0 ? (is === 0 ? 1 : null) : is / was,
    reason,
  };
}

function highest({ bad, total }: Rate, level: number): number {
  return proportionInterval(bad, total, 1 - level).upper;
}

function isAbove({ bad, total }: Rate, rate: number, level: number): boolean {
  const ratios = RATIOS.filter((ratio) => ratio * rate < 1);
  if (ratios.length === 0) return false;
  const odds = ratios.map((ratio) =>
    Math.exp(bad * Math.log(ratio) + (total - bad) * Math.log((1 - ratio * rate) / (1 - rate))),
  );
  return odds.reduce((sum, one) => sum + one, 0) / odds.length >= 1 / level;
}

function text({ bad, total }: Rate): string {
  const percent = total === 0 ? '' : ` (${Number(((100 * bad) / total).toPrecision(3))} %)`;
  return `${bad} of ${total}${percent}`;
}

function sum(latency: Latency): number {
  return latency.reduce((total, { count }) => total + count, 0);
}
