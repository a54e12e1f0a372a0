import { coldServices, servedWith, withoutLatency } from '../cold-start';
import type { Evidence, Services } from '../counters';
import type { AnalysisMetric, AppConfig, Limits } from '../../config';
import type { Watched } from '../../containers/exits';
import { incrementBetween, startTally, tallied, type RouterIncrement, type Tally } from '../increment';
import { observeLive, startLive, type LiveState } from '../live/judge';
import type { MetricVerdict, Slot } from '../../release';
import { routerSamples } from '../router-samples';
import type { RouterCounters } from '../../router';
import { addSample, pointsFor, startSeries, type Pair, type Series } from '../series';
import type { Measured } from '../measured';
import { metricKind } from '../metric/query';
import { countMetric, ratesOf, type MetricCounts } from './counts';
import { takeValues, type MetricValues, type Read } from './values';
import { startTrigger, watchTrigger, type TriggerState } from '../triggers';

// A heartbeat carries this state to the next attempt, a report to the next soak, so it is plain data of bounded size. A
// crash loses the newest states, but no evidence: the next difference of counters is larger. The live version is
// `baseline` here, because older versions of Spillway read these names.

export interface SoakState {
  name: string;
  began: number;
  /** Null with a router that counts nothing. */
  seen: RouterCounters | null;
  tally: Tally;
  probes: Evidence['probes'];
  /** How the watched containers ran: the new version's, and the other slot's when first seen. */
  watched?: { own: Watched[]; beside: Watched[] };
  live: LiveState;
  served: Record<string, number>;
  triggers: TriggerState[];
  /** By name; absent before the first reading. */
  metrics: Record<string, MetricState>;
  values?: MetricVerdict[];
  series: Record<string, Series>;
}

/** The state of an older version of Spillway has no tally. */
export type CarriedState = Omit<SoakState, 'tally'> & { tally?: Tally };

interface MetricState {
  due: number;
  readings: number;
  missing: number;
  why?: string;
  counts?: MetricCounts;
  values?: MetricValues;
}

export interface SoakSettings {
  slot: Slot;
  limits: Limits;
  canary: AppConfig['canary'];
  services: string[];
  steps: number;
  isCompared: boolean;
  /** The live version counted this before it lost its traffic. */
  recorded: Services | null;
}

/** `guessed`: the source does not say when it measured, so this may be the reading before. */
export type Measurement =
  | { value: number; measured?: Measured; guessed?: true }
  | { bad: number; total: number; gap?: string; measured?: Measured }
  | { missing: string };

export interface Readings {
  canary: Measurement;
  /** Null when no live version is beside. */
  live: Measurement | null;
}

/** Failures in a row and triggers do not begin anew with a step, so they are carried over. */
export function startSoak(
  { name, since, began }: { name: string; since: RouterCounters | null; began: number },
  { canary }: Pick<SoakSettings, 'canary'>,
  carried: CarriedState | null,
): SoakState {
  if (carried?.name === name) return { ...carried, tally: carried.tally ?? tallyOf(since, carried.seen) };
  return {
    name,
    began,
    seen: since,
    tally: startTally(),
    probes: carried?.probes ?? {},
    ...(carried?.watched && { watched: carried.watched }),
    live: startLive(canary.analysis.allowed.errors),
    served: carried?.served ?? {},
    triggers: canary.triggers.map((_, index) => carried?.triggers[index] ?? startTrigger()),
    metrics: {},
    series: {},
  };
}

function tallyOf(since: RouterCounters | null, seen: RouterCounters | null): Tally {
  return since && seen ? tallied(startTally(), incrementBetween(since, seen)) : startTally();
}

export function forNextStep(state: CarriedState): SoakState {
  return { ...state, tally: startTally(), live: startLive(), metrics: {}, series: {}, values: [] };
}

export function observeCounters(
  state: SoakState,
  { now, at }: { now: RouterCounters; at: number },
  settings: SoakSettings,
): SoakState {
  if (!state.seen) return state;
  const { slot, canary, limits } = settings;
  const increment = incrementBetween(state.seen, now);
  const own = 'gap' in increment ? null : increment.slots[slot];
  const { minRequests } = limits;
  return {
    ...state,
    seen: now,
    tally: tallied(state.tally, increment),
    live: compareLive(state, increment, settings),
    served: servedWith(state.served, own ?? {}),
    triggers: canary.triggers.map((trigger, index) =>
      watchTrigger(trigger, state.triggers[index] ?? startTrigger(), { increment: own, at, minRequests }),
    ),
    series:
      'gap' in increment
        ? state.series
        : withSamples(state, { at, samples: routerSamples(increment.slots, slot) }, settings),
  };
}

function compareLive(
  { live, served }: SoakState,
  increment: RouterIncrement,
  { slot, canary, limits, isCompared }: SoakSettings,
): LiveState {
  if (!isCompared || !canary.analysis.compare) return live;
  if ('gap' in increment) return observeLive(live, increment, slot);
  const cold = coldServices(served, increment.slots[slot], limits.minRequests);
  return observeLive(live, { slots: withoutLatency(increment.slots, cold) }, slot);
}

export function countedOf({ seen, tally }: SoakState, slot: Slot): Pick<Evidence, 'services' | 'gap'> {
  if (!seen) return { services: null };
  return { services: tally.slots[slot], ...(tally.gap !== undefined && { gap: tally.gap }) };
}

export function observeMetric(
  state: SoakState,
  { metric, readings, at }: { metric: AnalysisMetric; readings: Readings; at: number },
  settings: SoakSettings,
): SoakState {
  const { name, interval } = metric;
  const { canary, live } = readings;
  const before = state.metrics[name] ?? { due: at, readings: 0, missing: 0 };
  const lack = [canary, live].flatMap((one) => (one ? missingIn(one) : []))[0];
  const read: MetricState = {
    ...before,
    due: at + interval,
    readings: before.readings + 1,
    ...(lack !== undefined && { missing: before.missing + 1, why: lack }),
  };
  const found =
    metricKind(metric) === 'counts'
      ? countsIn(metric, read, readings)
      : valueIn(metric, read, { readings, at, began: state.began });
  return {
    ...state,
    metrics: { ...state.metrics, [name]: found.read },
    series: withSamples(state, { at, samples: found.sample ? { [name]: found.sample } : {} }, settings),
  };
}

interface Taken {
  read: MetricState;
  sample?: Pair;
}

function countsIn(metric: AnalysisMetric, read: MetricState, readings: Readings): Taken {
  const { counts, gap } = countMetric(metric, read.counts, readings);
  const lack = gap !== undefined && { missing: read.missing + 1, why: gap };
  return {
    read: { ...read, ...lack, ...(counts && { counts }) },
    ...(counts && { sample: ratesOf(read.counts, counts) }),
  };
}

function valueIn(metric: AnalysisMetric, read: MetricState, taken: Read): Taken {
  const { values, sample } = takeValues(read.values, metric, taken);
  return { read: { ...read, values }, ...(sample && { sample }) };
}

function withSamples(
  { series, began }: SoakState,
  { at, samples }: { at: number; samples: Record<string, Pair> },
  { services, canary }: SoakSettings,
): SoakState['series'] {
  const most = pointsFor(2 * (services.length + 1) + canary.analysis.metrics.length);
  const added = Object.entries(samples).map(
    ([name, sample]) => [name, addSample(series[name] ?? startSeries(), [at - began, ...sample], most)] as const,
  );
  return { ...series, ...Object.fromEntries(added) };
}

function missingIn(one: Measurement): string[] {
  if ('missing' in one) return [one.missing];
  return 'gap' in one && one.gap !== undefined ? [one.gap] : [];
}
