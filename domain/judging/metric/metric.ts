import type { MetricInput } from '../../config/judge';
import type { Order } from './evidence';
import { judgeCounts } from './counts';
import type { Finding } from './finding';
import { judgeValues } from './values';

export interface MetricJudgement extends Finding {
  name: string;
  group: string;
  critical: boolean;
}

export function judgeMetric(metric: MetricInput, order: Order): MetricJudgement {
  const finding = metric.counts ? judgeCounts(metric, metric.counts) : judgeValues(metric, order);
  return { name: metric.name, group: metric.group, critical: isCritical(metric, finding), ...finding };
}

/** It follows Kayenta, but a critical limit that is set decides alone. */
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
