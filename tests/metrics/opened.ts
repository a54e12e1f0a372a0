import type { AnalysisMetric } from '../../domain/config';
import { analysis } from '../../domain/config/analysis';
import type { Measured, MetricSource } from '../../metrics/metric';
import { openMetric, type MetricContext } from '../../metrics/open';

export const OF: Measured = {
  app: 'shop',
  environment: 'production',
  slot: 'blue',
  version: '1.2.3',
  release: '20261121-101500-1.2.3-k3v9',
};
export const GREEN: Measured = { ...OF, slot: 'green', version: '1.3.0' };

export const io = { signal: new AbortController().signal, onProgress: () => undefined };

/** A metric as the configuration would have it. */
export function metricOf(settings: Record<string, unknown>): AnalysisMetric {
  return analysis.parse({ metrics: [{ name: 'm', ...settings }] }).metrics[0]!;
}

/** Its source, with secrets found in `secrets` by the name of their variable. */
export function opened(
  settings: Record<string, unknown>,
  secrets: Record<string, string> = {},
  more: Partial<MetricContext> = {},
): Promise<MetricSource> {
  return openMetric(metricOf(settings), {
    projectDirectory: '/',
    services: {},
    target: () => Promise.reject(new Error('not asked here')),
    environment: { PATH: process.env.PATH },
    secret: async (value) => {
      if (typeof value === 'string') return value;
      return 'env' in value ? secrets[value.env]! : Promise.reject(new Error('no such file'));
    },
    ...more,
  });
}
