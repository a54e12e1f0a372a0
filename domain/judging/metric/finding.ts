import type { Interval } from '../statistics/proportion';

/** What a metric shows: `high` and `low` are failures, `nodata` and `inconclusive` show nothing. */
export type Label = 'pass' | 'high' | 'low' | 'nodata' | 'inconclusive';

export interface Finding {
  label: Label;
  /** Of values: of the shift, in the unit of the metric. Of counts: of the ratio of the rates. Null: no bound. */
  interval: Interval | null;
  /** How much higher the canary is, in the unit of the metric; of counts the difference of the rates. */
  shift: number | null;
  /** Size of the effect, by the measure that is configured; null when it has none, as a ratio to zero. */
  deviation: number | null;
  reason: string;
}
