import { compared, type ServiceIncrement } from './compared';
import { countsVerdict, missingOf, observeCounts, startCounts, type CountsState } from './counts';
import type { RouterIncrement } from '../increment';
import { latencyVerdict } from './latency';
import { observeNotSlower, startNotSlower, type NotSlower } from './not-slower';
import { subjectName, type RouterVerdict, type Subject } from '../subject';
import type { Slot } from '../../release';
import { jointPValue, observe, pValueOfRate, startSequential, type SequentialState } from '../statistics/sequential';
import { formatCount } from '../../units';
import { jointLatencyPValue, observeLatency, startLatency, type LatencyState } from '../statistics/sequential-latency';

// Compares both versions by the router's counters. One may ask after every sample: a version that is as good fails with
// a probability of at most the level, however often one asks.

export interface LiveSettings {
  /** Probability of a false alarm of one test; see `testsOf`. */
  level: number;
  allowedErrors: number;
  allowedLatency: number;
  /** Milliseconds by which it may be slower, however many times that is. */
  slowerBy: number;
  /** A version and service needs this many before it passes; a certain difference fails it before. */
  minRequests: number;
}

interface LiveService {
  errors: CountsState;
  latency: LatencyState;
  notWorse: SequentialState;
  notSlower: NotSlower;
}

export interface LiveState {
  services: Record<string, LiveService>;
  together: { errors: number; latency: number };
  allowedErrors: number;
  gaps: { count: number; last?: string };
}

/** To pass early, the errors must surely be below this many times the baseline's, even where less is allowed. */
const CLEARLY_WORSE = 1.5;
const NEGLIGIBLE = 0.001;

export function startLive(allowedErrors = 1): LiveState {
  return { services: {}, together: { errors: 1, latency: 1 }, allowedErrors, gaps: { count: 0 } };
}

/** The tests share the level of all. */
export function testsOf(services: number): number {
  return 2 * (services > 1 ? services + 1 : services);
}

/** Increments may cover several samples, but no time twice. */
export function observeLive(state: LiveState, increment: RouterIncrement, slot: Slot): LiveState {
  if ('gap' in increment) return { ...state, gaps: { count: state.gaps.count + 1, last: increment.gap } };
  const observed = Object.entries(compared(increment.slots, slot)).map(
    ([name, added]) =>
      [name, observeService(state.services[name] ?? startService(state.allowedErrors), added)] as const,
  );
  const services = { ...state.services, ...Object.fromEntries(observed) };
  const all = Object.values(services);
  const errors = jointPValue(all.map((one) => one.errors.tests[0]!));
  const latency = jointLatencyPValue(all.map((one) => one.latency));
  const together = {
    errors: Math.min(state.together.errors, errors),
    latency: Math.min(state.together.latency, latency),
  };
  return { ...state, services, together };
}

export function liveVerdicts(state: LiveState, settings: LiveSettings): RouterVerdict[] {
  const names = Object.keys(state.services).sort();
  const subjects = names.map((name) => verdictsOf(name, state.services[name]!, settings));
  if (names.length > 1) subjects.push(verdictsOf(null, allTogether(state), settings));
  const verdicts = subjects.length > 0 ? subjects.flat() : nothingSeen(settings);
  const { count, last } = state.gaps;
  if (count === 0) return verdicts;
  const gap = ` (${formatCount(count, 'sample')} ${count === 1 ? 'was' : 'were'} no evidence, the last: ${last})`;
  return verdicts.map((verdict) => ({ ...verdict, reason: verdict.reason + gap }));
}

/** True when it is certain that no service has a clearly worse error rate, or is slower by a bucket or more. */
export function isClearlyGood(state: LiveState, settings: LiveSettings): boolean {
  const services = Object.values(state.services);
  if (services.length === 0 || liveVerdicts(state, settings).some(({ label }) => label !== 'pass')) return false;
  return services.every(
    ({ errors, notWorse, notSlower }) =>
      Math.min(notWorse.pValue, pValueOfRate(errors.canary, NEGLIGIBLE)) <= settings.level &&
      Math.max(notSlower.usual.pValue, notSlower.slow.pValue) <= settings.level,
  );
}

function startService(allowedErrors: number): LiveService {
  return {
    errors: startCounts({ effect: { measure: 'meanRatio', allowedIncrease: allowedErrors } }),
    latency: startLatency(),
    notWorse: startSequential('decrease', Math.max(CLEARLY_WORSE, allowedErrors)),
    notSlower: startNotSlower(),
  };
}

function observeService(service: LiveService, { errors, latency }: ServiceIncrement): LiveService {
  return {
    errors: observeCounts(service.errors, errors),
    latency: observeLatency(service.latency, latency),
    notWorse: observe(service.notWorse, errors),
    notSlower: observeNotSlower(service.notSlower, service.latency, latency),
  };
}

type Evidence = Pick<LiveService, 'errors'> & {
  latency: Pick<LatencyState, 'bounds' | 'baseline' | 'canary' | 'pValue'>;
};

function verdictsOf(service: string | null, { errors, latency }: Evidence, settings: LiveSettings): RouterVerdict[] {
  const { level, minRequests, allowedErrors, allowedLatency: allowed, slowerBy } = settings;
  const failed: Subject = { kind: 'errors', service };
  const slow: Subject = { kind: 'latency', service };
  const wrong = { level, minRequests, allowed: allowedErrors, said: ' requests failed' };
  return [
    { ...countsVerdict(subjectName(failed), errors, wrong), about: failed },
    { ...latencyVerdict(subjectName(slow), latency, { level, minRequests, allowed, slowerBy }), about: slow },
  ];
}

/** Multiplies the odds of the services, which holds whatever share of the traffic each has. */
function allTogether({ services, together, allowedErrors }: LiveState): Evidence {
  const all = Object.values(services);
  const start = startService(allowedErrors);
  const sumOf = (side: 'baseline' | 'canary') =>
    all.reduce(
      (sum, { errors }) => ({ bad: sum.bad + errors[side].bad, total: sum.total + errors[side].total }),
      start.errors[side],
    );
  const { bounds } = all.find(({ latency }) => latency.bounds.length > 0)?.latency ?? start.latency;
  const countsOf = (side: 'baseline' | 'canary'): number[] =>
    bounds.map((bound) => all.reduce((sum, { latency }) => sum + countAt(latency, side, bound), 0));
  return {
    errors: {
      tests: [{ ...start.errors.tests[0]!, pValue: together.errors }],
      baseline: sumOf('baseline'),
      canary: sumOf('canary'),
    },
    latency: { bounds, baseline: countsOf('baseline'), canary: countsOf('canary'), pValue: together.latency },
  };
}

function countAt(latency: LatencyState, side: 'baseline' | 'canary', bound: number | null): number {
  const bucket = latency.bounds.indexOf(bound);
  return bucket < 0 ? 0 : latency[side][bucket]!;
}

function nothingSeen({ minRequests }: LiveSettings): RouterVerdict[] {
  const none = { live: 0, canary: 0 };
  const unknown = { critical: false, interval: null, shift: null, deviation: null };
  return (['errors', 'latency'] as const).map((kind) => ({
    name: subjectName({ kind, service: null }),
    about: { kind, service: null },
    ...missingOf(none, minRequests)!,
    ...unknown,
  }));
}
