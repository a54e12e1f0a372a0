import type { MetricInput } from './config-judge';
import { judgeCounts } from './judge-counts';
import { judgeValues } from './judge-values';
import type { Interval } from './statistics/proportion';

/** What a metric shows: `high` and `low` are failures, `nodata` and `inconclusive` show nothing. */
export type Label = 'pass' | 'high' | 'low' | 'nodata' | 'inconclusive';

/** What was found, before it is decided how much it matters. */
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

export interface MetricJudgement extends Finding {
  name: string;
  group: string;
  /** True when this alone fails everything. */
  critical: boolean;
}

/** Judges one metric by what was measured. */
export function judgeMetric(metric: MetricInput): MetricJudgement {
  const finding = metric.counts ? judgeCounts(metric, metric.counts) : judgeValues(metric);
  return { name: metric.name, group: metric.group, critical: isCritical(metric, finding), ...finding };
}

/** A critical failure, as Kayenta means it; also one beyond a critical limit that is set expressly. */
function isCritical({ critical, mustHaveData, effect }: MetricInput, { label, deviation }: Finding): boolean {
  switch (label) {
    case 'pass':
      return false;
    case 'nodata':
      return critical;
    case 'inconclusive':
      return critical && mustHaveData;
    case 'high':
      if (effect.criticalIncrease === undefined) return critical;
      return deviation === null || deviation >= effect.criticalIncrease;
    case 'low':
      if (effect.criticalDecrease === undefined) return critical;
      return deviation === null || deviation <= effect.criticalDecrease;
  }
}
