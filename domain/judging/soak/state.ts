import { coldServices, servedWith, withoutColdLatency } from '../cold-start';
import { evidenceSince, type Counted, type Counters, type Evidence } from '../counters';
import type { AnalysisMetric, AppConfig, Limits } from '../../config';
import type { Watched } from '../../containers/exits';
import { observeLive, startLive, type LiveState } from '../live/judge';
import type { MetricVerdict, Slot } from '../../release';
import { routerSamples } from '../router-samples';
import { addSample, pointsFor, startSeries, type Point, type Series } from '../series';
import type { Measured } from '../measured';
import { metricKind } from '../metric-query';
import { countMetric, ratesOf, type MetricCounts } from './counts';
import { takeValues, type MetricValues, type Pair } from './values';
import { startTrigger, watchTrigger, type TriggerState } from '../triggers';

/*
 * All that a soak knows, as plain data of bounded size: a heartbeat carries it to the next attempt, a report to the next
 * soak. It remembers the counters that it saw last, and what comes in is always the difference to them. So a crash, which
 * loses the newest states, only makes the next difference larger: nothing is lost, nothing counted twice.
 */

export interface SoakState {
  /** Which step of the release it belongs to: another one begins its tests anew. */
  name: string;
  /** When that step began, ms since the epoch. */
  began: number;
  /** Counters seen last; null with a router that counts nothing. */
  seen: Counted | null;
  probes: Evidence['probes'];
  /** How containers ran that are watched: those of the new version, and those of the other slot when it was seen first. */
  watched?: { own: Watched[]; beside: Watched[] };
  live: LiveState;
  /** Requests of the new version since its release gave it the first ones, by service. */
  served: Record<string, number>;
  /** One for each that is configured; they go on from step to step. */
  triggers: TriggerState[];
  /** By name; absent before its first reading. */
  metrics: Record<string, MetricState>;
  /** What the values of metrics showed at the end of the step; they are not asked again. */
  values?: MetricVerdict[];
  /** What pictures show and ranks are taken of, by the name of the verdict. */
  series: Record<string, Series>;
}

/** How often a metric was read, and what it counted. */
export interface MetricState {
  /** When it is read next, ms since the epoch. */
  due: number;
  readings: number;
  /** Readings without an answer for either slot, and why the last one had none. */
  missing: number;
  why?: string;
  counts?: MetricCounts;
  values?: MetricValues;
}

/** What of the configuration decides how a soak is judged. */
export interface SoakSettings {
  slot: Slot;
  limits: Limits;
  canary: AppConfig['canary'];
  /** Names of the services that users ask. */
  services: string[];
  /** Steps of the release that share its false alarms. */
  steps: number;
  /** Whether the live version has the rest of the traffic. */
  isCompared: boolean;
  /** What was counted of the live version before it lost its traffic. */
  recorded: Record<string, Counters> | null;
}

/**
 * One reading of one slot. Counts only grow; `measured` is when the source did so, in ms since the epoch by the server, and
 * `guessed` that nobody knows, so that it may be the same as before.
 */
export type Measurement =
  | { value: number; measured?: Measured; guessed?: true }
  | { bad: number; total: number; gap?: string; measured?: Measured }
  | { missing: string };

/** One reading of both slots. */
interface Readings {
  canary: Measurement;
  baseline: Measurement | null;
}

/** Begins a step. Failures in a row and limits over time know no steps: they go on from what was `carried`. */
export function startSoak(
  { name, baseline, began }: { name: string; baseline: Counted | null; began: number },
  { canary }: Pick<SoakSettings, 'canary'>,
  carried: SoakState | null,
): SoakState {
  if (carried?.name === name) return carried;
  return {
    name,
    began,
    seen: baseline,
    probes: carried?.probes ?? {},
    ...(carried?.watched && { watched: carried.watched }),
    live: startLive(canary.analysis.allowed.errors),
    served: carried?.served ?? {},
    triggers: canary.triggers.map((_, index) => carried?.triggers[index] ?? startTrigger()),
    metrics: {},
    series: {},
  };
}

/** What the next step needs of this one. */
export function forNextStep(state: SoakState): SoakState {
  return { ...state, live: startLive(), metrics: {}, series: {}, values: [] };
}

/**
 * Adds what the router counted since the last sample.
 * @param at ms since the epoch
 */
export function observeCounters(state: SoakState, now: Counted, at: number, settings: SoakSettings): SoakState {
  if (!state.seen) return state;
  const { slot, canary, limits, isCompared } = settings;
  const fresh = evidenceSince(state.seen, now, slot);
  const increment = fresh.gap === undefined ? fresh.services : null;
  const before = withoutColdLatency(state.seen, now, coldServices(state.served, fresh.services, limits.minRequests));
  return {
    ...state,
    seen: now,
    live: isCompared && canary.analysis.compare ? observeLive(state.live, before, now, slot) : state.live,
    served: servedWith(state.served, increment),
    triggers: canary.triggers.map((trigger, index) =>
      watchTrigger(trigger, state.triggers[index] ?? startTrigger(), increment, at, limits.minRequests),
    ),
    series: withSamples(state.series, routerSamples(state.seen, now, at - state.began, slot), settings),
  };
}

/** Adds one reading of a metric; `baseline` is null when there is no live version beside. */
export function observeMetric(
  state: SoakState,
  metric: AnalysisMetric,
  readings: Readings,
  at: number,
  settings: SoakSettings,
): SoakState {
  const { name, interval } = metric;
  const { canary, baseline } = readings;
  const { began } = state;
  const before = state.metrics[name] ?? { due: at, readings: 0, missing: 0 };
  const lack = [canary, baseline].flatMap((one) => (one ? missingIn(one) : []))[0];
  const read: MetricState = {
    ...before,
    due: at + interval,
    readings: before.readings + 1,
    ...(lack !== undefined && { missing: before.missing + 1, why: lack }),
  };
  const found =
    metricKind(metric) === 'counts' ? countsIn(metric, read, readings) : valueIn(metric, read, readings, at, began);
  const sample: Point | undefined = found.sample && [at - began, ...found.sample];
  return {
    ...state,
    metrics: { ...state.metrics, [name]: found.read },
    series: withSamples(state.series, sample ? { [name]: sample } : {}, settings),
  };
}

interface Taken {
  read: MetricState;
  sample?: Pair;
}

function countsIn(metric: AnalysisMetric, read: MetricState, { canary, baseline }: Readings): Taken {
  const { counts, gap } = countMetric(metric, read.counts, canary, baseline);
  const lack = gap !== undefined && { missing: read.missing + 1, why: gap };
  return {
    read: { ...read, ...lack, ...(counts && { counts }) },
    ...(counts && { sample: ratesOf(read.counts, counts) }),
  };
}

function valueIn(metric: AnalysisMetric, read: MetricState, readings: Readings, at: number, began: number): Taken {
  const { values, sample } = takeValues(read.values, metric, readings, at, began);
  return { read: { ...read, values }, ...(sample && { sample }) };
}

function withSamples(
  series: SoakState['series'],
  samples: Record<string, Point>,
  { services, canary }: SoakSettings,
): SoakState['series'] {
  const most = pointsFor(2 * (services.length + 1) + canary.analysis.metrics.length);
  const added = Object.entries(samples).map(
    ([name, sample]) => [name, addSample(series[name] ?? startSeries(), sample, most)] as const,
  );
  return { ...series, ...Object.fromEntries(added) };
}

function missingIn(one: Measurement): string[] {
  if ('missing' in one) return [one.missing];
  return 'gap' in one && one.gap !== undefined ? [one.gap] : [];
}
