import type { Evidence } from '../counters';
import { judgeLimits, totals } from '../limits';
import type { AnalysisMetric } from '../../config';
import { metricKind } from '../metric/query';
import { judge, type Verdict } from '../metric/judge';
import { number } from '../metric/effect';
import { countsVerdict, startCounts } from '../live/counts';
import { isClearlyGood, liveVerdicts, testsOf, type LiveSettings } from '../live/judge';
import { judgeReference } from '../reference';
import { isWorse } from '../../release';
import type { Judgement, MetricVerdict } from '../../release';
import { startSeries, valuesOf } from '../series';
import type { RouterVerdict } from '../subject';
import { withPending } from './counts';
import type { SoakSettings, SoakState } from './state';
import { firedTrigger } from '../triggers';
import { formatCount } from '../../units';

// Limits, triggers and sequential tests decide after every sample. Values are compared by ranks only at the end,
// because a test of ranks that is repeated alarms by chance.

export function judgeSample(state: SoakState, evidence: Evidence, settings: SoakSettings): Judgement {
  const pending = settings.isCompared ? metricsOf(settings, 'value').map((metric) => soFar(state, metric)) : [];
  return decide({ state, evidence, settings }, state.values ?? pending, false);
}

export function judgeEnd(
  state: SoakState,
  evidence: Evidence,
  settings: SoakSettings,
): { judgement: Judgement; values: MetricVerdict[] } {
  const scored = judgeValues(state, settings, false);
  const shown = judgeValues(state, settings, true);
  const values = [...valueVerdicts(state, scored, false), ...valueVerdicts(state, shown, true)];
  return { judgement: weigh({ state, evidence, settings }, scored, values), values };
}

interface Grounds {
  state: SoakState;
  evidence: Evidence;
  settings: SoakSettings;
}

function weigh(grounds: Grounds, scored: Verdict | undefined, values: MetricVerdict[]): Judgement {
  const judgement = decide(grounds, values, true);
  if (judgement.verdict === 'fail') return judgement;
  const missed = judgement.metrics?.find((found) => isMissed(found, grounds.settings));
  if (missed) {
    const reason = `${missed.name} must have data: ${missed.reason}`;
    return { ...judgement, verdict: 'fail', reason, decidedBy: missed.name };
  }
  if (!scored) return judgement;
  if (scored.verdict === 'pass')
    return judgement.verdict === 'not judged'
      ? { ...judgement, verdict: 'pass', reason: `metrics: ${scored.reason}` }
      : judgement;
  if (judgement.verdict === 'inconclusive' && scored.verdict === 'inconclusive') return judgement;
  const failure = values.find(isWorse);
  const because = failure ? `; ${failure.name}: ${failure.reason}` : '';
  const reason = `metrics: ${scored.reason}${because}`;
  return { ...judgement, verdict: scored.verdict, reason, ...(failure && { decidedBy: failure.name }) };
}

export function wantsMore(state: SoakState, evidence: Evidence, settings: SoakSettings): boolean {
  const metrics = settings.isCompared ? metricsOf(settings, 'value').filter(({ dryRun }) => !dryRun) : [];
  if (metrics.some((metric) => fewestValues(state, metric) < metric.minSamples)) return true;
  return state.seen !== null && judgeSample(state, evidence, settings).verdict === 'inconclusive';
}

/** Answers true when the new version surely is not worse, and may go on early. */
export function isDone(state: SoakState, evidence: Evidence, settings: SoakSettings): boolean {
  const { isCompared, canary } = settings;
  if (!canary.analysis.earlyPass || !canary.analysis.compare || !isCompared) return false;
  return isClearlyGood(state.live, levels(settings)) && !wantsMore(state, evidence, settings);
}

function decide(grounds: Grounds, values: readonly MetricVerdict[], isEnd: boolean): Judgement {
  const { state, evidence, settings } = grounds;
  const { limits, canary } = settings;
  const router = routerVerdicts(grounds, isEnd);
  const counts = settings.isCompared ? metricsOf(settings, 'counts').map((one) => countsOf(state, one, settings)) : [];
  const compared = [...router, ...counts];
  const metrics = [...compared, ...values];
  const told = (verdict: Judgement['verdict'], reason: string, decidedBy?: string): Judgement => ({
    ...{ verdict, reason },
    ...(decidedBy !== undefined && { decidedBy }),
    ...(metrics.length > 0 && { metrics }),
  });

  const limited = judgeLimits(limits, evidence);
  if (limited.verdict === 'fail') return told('fail', limited.reason);
  const fired = firedTrigger(canary.triggers, state.triggers);
  if (fired !== undefined) return told('fail', fired);
  const worse = compared.find(isWorse);
  if (worse) return told('fail', `${worse.name}: ${worse.reason}`, worse.name);
  if (limited.verdict === 'inconclusive') return told('inconclusive', limited.reason);
  const silent = [...neededOf(router, settings), ...counts].find((one) => !one.dryRun && showsNothing(one));
  if (silent) return told('inconclusive', `${silent.name}: ${silent.reason}`);
  const passed = passedBy(limited, compared, grounds);
  if (passed.length > 0) return told('pass', passed.join('; '));
  const reasons = [limited.reason, ...compared.slice(0, 1).map(({ name, reason }) => `${name}: ${reason}`)];
  return told('not judged', [...reasons, ...(values.some(({ dryRun }) => !dryRun) ? [AT_THE_END] : [])].join('; '));
}

const AT_THE_END = 'metrics are judged at the end';

/** Lists what passed it; empty when nothing has judged it. */
function passedBy(limited: Judgement, compared: MetricVerdict[], { evidence, settings }: Grounds): string[] {
  const { triggers } = settings.canary;
  const passed = compared.filter(({ label, dryRun }) => !dryRun && label === 'pass').length;
  const isWatched =
    triggers.length > 0 && totals(evidence.services ?? {}).requests >= Math.max(1, settings.limits.minRequests);
  return [
    ...(limited.verdict === 'pass' ? [limited.reason] : []),
    ...(isWatched ? ['no trigger fired'] : []),
    ...(passed > 0 ? [`none of ${formatCount(passed, 'comparison')} shows it worse`] : []),
  ];
}

/** A service that nobody uses just now needs no evidence of its own, but all together do. */
function neededOf(router: RouterVerdict[], { isCompared, limits }: SoakSettings): RouterVerdict[] {
  if (!isCompared || limits.minRequests === 0) return [];
  const together = router.filter(({ about }) => about.service === null);
  return together.length > 0 ? together : router;
}

function routerVerdicts({ state, evidence, settings }: Grounds, isEnd: boolean): RouterVerdict[] {
  const { canary, isCompared, recorded, services: asked } = settings;
  if (!canary.analysis.compare || state.seen === null || asked.length === 0) return [];
  if (isCompared) return liveVerdicts(state.live, levels(settings));
  const { services } = evidence;
  return recorded && services ? judgeReference(recorded, services, { ...levels(settings), isEnd }) : [];
}

function countsOf(state: SoakState, metric: AnalysisMetric, settings: SoakSettings): MetricVerdict {
  const { level } = levels(settings);
  const { counts } = state.metrics[metric.name] ?? {};
  const found = countsVerdict(metric.name, counts ? withPending(counts) : startCounts(metric), {
    level,
    minRequests: metric.minSamples,
  });
  return said(found, metric, state);
}

/** Divides the false alarms of a release among its steps and their tests. */
function levels({ canary, steps, services, limits, isCompared }: SoakSettings): LiveSettings {
  const { analysis } = canary;
  const counted = isCompared ? analysis.metrics.filter((one) => !one.dryRun && metricKind(one) === 'counts').length : 0;
  const tests = (analysis.compare ? testsOf(services.length) : 0) + counted;
  return {
    level: analysis.falseAlarms / 100 / Math.max(1, steps) / Math.max(1, tests),
    allowedErrors: analysis.allowed.errors,
    allowedLatency: analysis.allowed.latency,
    // Requests to older versions of Spillway do not have it.
    slowerBy: analysis.allowed.slowerBy ?? 0,
    minRequests: limits.minRequests,
  };
}

function judgeValues(state: SoakState, settings: SoakSettings, dryRun: boolean): Verdict | undefined {
  const { thresholds, groups } = settings.canary.analysis;
  const metrics = metricsOf(settings, 'value').filter((one) => one.dryRun === dryRun);
  if (!settings.isCompared || metrics.length === 0) return undefined;
  const inputs = metrics.map((metric) => {
    const { canary, live } = valuesOf(state.series[metric.name] ?? startSeries());
    return { ...metric, canary, baseline: live };
  });
  return judge({ thresholds, groups: dryRun ? {} : groups, metrics: inputs }, 'time');
}

function valueVerdicts(state: SoakState, verdict: Verdict | undefined, dryRun: boolean): MetricVerdict[] {
  return (verdict?.metrics ?? []).map(({ group: _, ...found }) => said(found, { name: found.name, dryRun }, state));
}

function soFar(state: SoakState, metric: AnalysisMetric): MetricVerdict {
  const { canary, live } = valuesOf(state.series[metric.name] ?? startSeries());
  const text = (values: (number | null)[]): string => {
    const there = values.filter((value) => value !== null);
    if (there.length === 0) return 'nothing';
    return `${number(there.reduce((sum, value) => sum + value, 0) / there.length)} in ${formatCount(there.length, 'value')}`;
  };
  const reason = `judged at the end; on average ${text(canary)}, live: ${text(live)}`;
  const found = { critical: false, interval: null, shift: null, deviation: null, reason };
  return said({ name: metric.name, label: 'inconclusive', ...found }, metric, state);
}

function said(
  found: MetricVerdict,
  { name, dryRun }: Pick<AnalysisMetric, 'name' | 'dryRun'>,
  { metrics }: SoakState,
): MetricVerdict {
  const { missing = 0, readings = 0, why = '', values } = metrics[name] ?? {};
  const repeated =
    values?.repeated && showsNothing(found)
      ? ` (${values.repeated} of ${formatCount(readings, 'reading')} said nothing new)`
      : '';
  const lack =
    repeated + (missing > 0 ? ` (${missing} of ${formatCount(readings, 'reading')} missing, the last: ${why})` : '');
  return {
    ...found,
    about: { kind: 'metric' },
    ...(dryRun && { dryRun, critical: false }),
    reason: found.reason + lack,
  };
}

function metricsOf({ canary }: SoakSettings, kind: ReturnType<typeof metricKind>): AnalysisMetric[] {
  return canary.analysis.metrics.filter((metric) => metricKind(metric) === kind);
}

function fewestValues(state: SoakState, { name }: AnalysisMetric): number {
  const { canary, live } = valuesOf(state.series[name] ?? startSeries());
  return Math.min(...[canary, live].map((values) => values.filter((value) => value !== null).length));
}

/** The judge of values itself knows what must be there, so this is only about counts. */
function isMissed({ name, label }: MetricVerdict, settings: SoakSettings): boolean {
  const metric = metricsOf(settings, 'counts').find((one) => one.name === name && !one.dryRun);
  if (!metric) return false;
  return label === 'nodata' ? metric.critical || metric.mustHaveData : label === 'inconclusive' && metric.mustHaveData;
}

function showsNothing({ label }: MetricVerdict): boolean {
  return label === 'nodata' || label === 'inconclusive';
}
