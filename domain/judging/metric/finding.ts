import type { Interval } from '../statistics/proportion';

/** `high` and `low` are failures; `nodata` and `inconclusive` show nothing. */
export type Label = 'pass' | 'high' | 'low' | 'nodata' | 'inconclusive';

export interface Finding {
  label: Label;
  /** Values: the shift in the metric's unit. Counts: the ratio of the rates. A bound or all may be null. */
  interval: Interval | null;
  shift: number | null;
  /** Size of the effect by the configured measure; null when it has none, as a ratio to zero. */
  deviation: number | null;
  reason: string;
}
