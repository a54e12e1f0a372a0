import type { AnalysisMetric } from '../domain/config';
import { metricKind } from '../domain/judging/metric/query';
import { missingBecause, type MetricSource } from '../metrics/metric';
import type { Parts } from './parts';
import type { Step } from './steps';

export interface OpenMetric extends Pick<MetricSource, 'read'> {
  config: AnalysisMetric;
  /** Readings are `{value}`, or `{bad, total}` since the beginning of the window. */
  kind: 'value' | 'counts';
}

/** Readings report errors, without secrets, and throw only when aborted. */
export function openMetrics(parts: Parts, step: Pick<Step, 'config' | 'projectDirectory'>): OpenMetric[] {
  // A release that an older version began has no `analysis`.
  return (step.config.canary.analysis?.metrics ?? []).map((config) => ({
    config,
    kind: metricKind(config),
    read: reader(parts, step, config),
  }));
}

function reader(
  parts: Parts,
  { config, projectDirectory }: Pick<Step, 'config' | 'projectDirectory'>,
  metric: AnalysisMetric,
): OpenMetric['read'] {
  let opening: Promise<MetricSource> | undefined;
  return async (of, window, io) => {
    try {
      opening ??= parts.metric(metric, config, projectDirectory);
      const reading = await (await opening).read(of, window, io);
      return 'missing' in reading ? { ...reading, missing: parts.redact(reading.missing) } : reading;
    } catch (error) {
      opening = undefined;
      const reading = missingBecause(error, io);
      return { ...reading, missing: parts.redact(reading.missing) };
    }
  };
}
