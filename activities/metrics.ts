import type { AnalysisMetric } from '../domain/config';
import { metricKind } from '../domain/judging/metric/query';
import { missingBecause, type MetricSource } from '../metrics/metric';
import type { Parts } from './parts';
import type { Step } from './steps';

/** A metric of a canary, ready to be asked. */
export interface OpenMetric extends Pick<MetricSource, 'read'> {
  config: AnalysisMetric;
  /** Whether its readings are `{value}`, or `{bad, total}` since the beginning of the window. */
  kind: 'value' | 'counts';
}

/**
 * The metrics of the configuration. A reading says what went wrong instead of throwing, without secrets; only an abort is
 * thrown. A source that cannot be opened yet is tried again with the next reading.
 */
export function openMetrics(parts: Parts, step: Pick<Step, 'config' | 'projectDirectory'>): OpenMetric[] {
  // What was asked of an older version has none.
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
