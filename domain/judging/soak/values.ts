import type { AnalysisMetric } from '../../config';
import { isNewMeasurement } from '../measured';
import { listen, type Rhythm } from '../rhythm';
import type { Pair } from '../series';
import type { Measurement, Readings } from './state';

// A source that measures each 15 s and is read each 2 s would tell a test of ranks everything seven times.

export interface MetricValues {
  until: { canary?: number; baseline?: number };
  /** When a sample was taken last, and how long after the one before, ms. */
  at?: number;
  apart: number;
  rhythm?: Rhythm;
  repeated: number;
}

/** Its times are in ms since the epoch. */
export interface Read {
  readings: Readings;
  at: number;
  /** When the step began: earlier measurements are no evidence of it. */
  began: number;
}

/** Takes a reading only when it is new for both versions, so that both values are of the same time. */
export function takeValues(
  before: MetricValues | undefined,
  { interval }: Pick<AnalysisMetric, 'interval'>,
  { readings, at, began }: Read,
): { values: MetricValues; sample?: Pair } {
  const last = before ?? { until: {}, apart: 0, repeated: 0 };
  const { canary, live } = readings;
  const sides: ['canary' | 'baseline', Measurement][] = [['canary', canary]];
  if (live) sides.push(['baseline', live]);
  const isOld = ([side, one]: (typeof sides)[number]): boolean =>
    'value' in one && one.measured !== undefined && !isNewMeasurement(one.measured, known.until[side] ?? began);
  const guessed = sides.flatMap(([side, one]) => ('value' in one && one.guessed ? [[side, one.value] as const] : []));
  const heard = guessed.length > 0 ? listen(last.rhythm, guessed, at, last.at) : undefined;
  const known = heard ? { ...last, rhythm: heard.rhythm } : last;
  if (heard?.isNew === false || sides.some(isOld)) return { values: { ...known, repeated: known.repeated + 1 } };
  const isEmpty = !sides.some(([, one]) => 'value' in one);
  if (isEmpty && at - (known.at ?? -Infinity) < Math.max(interval, known.apart)) return { values: known };
  const measured = sides.flatMap(([side, one]) => ('value' in one && one.measured ? [[side, one.measured.to]] : []));
  const apart = known.at === undefined || isEmpty ? known.apart : at - known.at;
  const values = { ...known, at, apart, until: { ...known.until, ...(Object.fromEntries(measured) as object) } };
  return { values, sample: [valueOf(canary), live && valueOf(live)] };
}

function valueOf(one: Measurement): number | null {
  return 'value' in one ? one.value : null;
}
