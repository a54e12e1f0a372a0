import type { AnalysisMetric } from '../../domain/config';
import type { MetricInput } from '../../domain/config/judge';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import { metricKind, variablesIn } from '../../domain/judging/metric/query';
import type { Measured, Missing, PastReading, Window } from '../../metrics/metric';
import { openMetric } from '../../metrics/open';
import type { Configured } from '../asking/scope';
import { SecretsHere } from '../file/secrets';

export interface Side {
  of: Measured;
  window: Window;
}

export interface MeasuredMetric {
  input: MetricInput;
  dryRun: boolean;
  missing: string[];
  /** Names the counts that are not known: a process that restarted may have lost just what was bad. */
  lost: string[];
}

/** @throws UnreachableFailure when Prometheus does not answer; ConfigurationFailure that lists all wrong queries */
export async function measure(
  configured: Configured,
  metrics: { metric: AnalysisMetric; index: number }[],
  sides: { baseline: Side; canary: Side },
): Promise<MeasuredMetric[]> {
  const secrets = new SecretsHere(configured.projectDirectory);
  const faults: string[] = [];
  const measured = await Promise.all(
    metrics.map(async ({ metric, index }) => {
      const [baseline, canary] = await Promise.all(
        [sides.baseline, sides.canary].map((side) => askPast(configured, metric, side, secrets)),
      );
      for (const one of [baseline!, canary!]) {
        if (!('missing' in one) || !one.fault) continue;
        const told = `canary.analysis.metrics[${index}]: ${secrets.redact(one.missing)}`;
        if (one.unreachable) throw new UnreachableFailure(told);
        if (!faults.includes(told)) faults.push(told);
      }
      return inputOf(metric, baseline!, canary!);
    }),
  );
  if (faults.length > 0) throw new ConfigurationFailure(faults.join('\n'));
  return measured;
}

export function unknownVariables({ prometheus }: AnalysisMetric, { of }: Side): string[] {
  const used = [prometheus?.query, prometheus?.bad, prometheus?.total].flatMap((query) => variablesIn(query ?? ''));
  return [...new Set(used)].filter((name) => (name === 'version' || name === 'release') && of[name] === '');
}

async function askPast(
  { config, projectDirectory }: Configured,
  metric: AnalysisMetric,
  { of, window }: Side,
  secrets: SecretsHere,
): Promise<PastReading> {
  const source = await openMetric(metric, {
    projectDirectory,
    services: config.services,
    target: () => Promise.reject(new Error('containers do not remember')),
    environment: {},
    secret: (value) => secrets.resolve(value),
  });
  const io = { signal: new AbortController().signal, onProgress: () => undefined };
  return source.past!(of, window, metric.interval, io);
}

function inputOf(metric: AnalysisMetric, baseline: PastReading, canary: PastReading): MeasuredMetric {
  const data =
    metricKind(metric) === 'counts'
      ? { counts: { baseline: countsOf(baseline), canary: countsOf(canary) } }
      : { baseline: valuesOf(baseline), canary: valuesOf(canary) };
  const isMissing = (one: PastReading): one is Missing => 'missing' in one;
  const missing = [baseline, canary].filter(isMissing).map((one) => one.missing);
  const lost = Object.entries({ baseline, canary }).flatMap(([side, one]) =>
    'gap' in one && one.gap !== undefined ? [`${side}: ${one.gap}`] : [],
  );
  return { input: { ...metric, ...data }, dryRun: metric.dryRun, missing, lost };
}

function countsOf(past: PastReading): { bad: number; total: number } {
  return 'total' in past ? { bad: past.bad, total: past.total } : { bad: 0, total: 0 };
}

function valuesOf(past: PastReading): (number | null)[] {
  return 'values' in past ? past.values : [];
}
