import type { JudgeInput } from './config-judge';
import { number } from './judge-effect';
import { judgeMetric, type MetricJudgement } from './judge-metric';

export type { Label } from './judge-finding';
export type { MetricJudgement } from './judge-metric';

/** What all metrics together say. */
export interface Verdict {
  verdict: 'pass' | 'fail' | 'inconclusive';
  /** Per cent. */
  score: number;
  reason: string;
  /** Scores in per cent by group; null when no metric of it could be judged. */
  groups: Record<string, number | null>;
  metrics: MetricJudgement[];
}

/**
 * Judges a canary against its baseline, metric by metric, and weighs them: the share of a group's metrics that pass is
 * its score, the weighted mean of the groups is the score. What shows nothing never counts as a pass.
 */
export function judge(input: JudgeInput): Verdict {
  const metrics = input.metrics.map(judgeMetric);
  const groups = groupScores(input, metrics);
  const critical = metrics.filter((metric) => metric.critical);
  const score = critical.length > 0 ? 0 : summaryScore(input, groups);
  return { ...decide(input, metrics, score), score, groups, metrics };
}

function showsNothing({ label }: MetricJudgement): boolean {
  return label === 'nodata' || label === 'inconclusive';
}

function groupScores({ metrics: inputs }: JudgeInput, metrics: MetricJudgement[]): Verdict['groups'] {
  const sums = new Map<string, { passed: number; all: number }>();
  metrics.forEach((metric, index) => {
    const { weight, mustHaveData, critical } = inputs[index]!;
    const sum = sums.get(metric.group) ?? { passed: 0, all: 0 };
    sums.set(metric.group, sum);
    if (showsNothing(metric) && !mustHaveData && !(critical && metric.critical)) return;
    sum.all += weight;
    if (metric.label === 'pass') sum.passed += weight;
  });
  return Object.fromEntries(
    [...sums].map(([name, { passed, all }]) => [name, all === 0 ? null : (100 * passed) / all] as const),
  );
}

/** Groups without a weight share equally what the others leave of 100; groups that show nothing are left out. */
function summaryScore({ groups: weights }: JudgeInput, groups: Verdict['groups']): number {
  const open = Object.keys(groups).filter((name) => weights[name] === undefined).length;
  const rest = 100 - Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  let [sum, all] = [0, 0];
  for (const [name, score] of Object.entries(groups)) {
    const weight = weights[name] ?? rest / open;
    if (score === null) continue;
    sum += weight * score;
    all += weight;
  }
  // Sums of thirds: 100 % must be 100.
  return all === 0 ? 0 : Number((sum / all).toPrecision(12));
}

function decide(
  { thresholds: { pass, marginal }, metrics: inputs }: JudgeInput,
  metrics: MetricJudgement[],
  score: number,
): Pick<Verdict, 'verdict' | 'reason'> {
  const critical = metrics.filter((metric) => metric.critical);
  if (critical.length > 0) return { verdict: 'fail', reason: `critical: ${names(critical)}` };
  const silent = metrics.filter(showsNothing);
  const failed = metrics.filter((one, index) => one.label === 'high' || one.label === 'low' || isMissed(one, index));
  function isMissed(one: MetricJudgement, index: number): boolean {
    return showsNothing(one) && inputs[index]!.mustHaveData;
  }
  const scored = `score ${number(score)}${failed.length > 0 ? `: ${names(failed)}` : ''}`;
  if (failed.length > 0 && score < marginal) return { verdict: 'fail', reason: `${scored}; ${marginal} is marginal` };
  if (silent.length * 2 >= metrics.length) {
    return {
      verdict: 'inconclusive',
      reason: `${silent.length} of ${metrics.length} metrics show nothing: ${names(silent)}`,
    };
  }
  const needed = silent.filter(({ name }) => inputs.some((one) => one.name === name && one.critical));
  if (needed.length > 0) return { verdict: 'inconclusive', reason: `critical metrics show nothing: ${names(needed)}` };
  if (score >= pass) return { verdict: 'pass', reason: `${scored}; ${pass} passes` };
  return { verdict: 'inconclusive', reason: `${scored}; marginal, ${pass} passes` };
}

function names(metrics: MetricJudgement[]): string {
  return metrics.map(({ name, label }) => `${name} (${label})`).join(', ');
}
