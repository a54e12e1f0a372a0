import type { JudgeInput } from '../../config/judge';
import { number } from './effect';
import type { Order } from './evidence';
import { judgeMetric, type MetricJudgement } from './metric';

export type { Label } from './finding';
export type { MetricJudgement } from './metric';

export interface Verdict {
  verdict: 'pass' | 'fail' | 'inconclusive';
  score: number;
  reason: string;
  /** Per cent by group; null when none of its metrics could be judged. */
  groups: Record<string, number | null>;
  metrics: MetricJudgement[];
}

/** In per cent: metrics that pass must have more than this of the score, whatever the others show. */
const HALF = 50;

/** Scores each group by its share of passes, and weighs the groups. Metrics that show nothing never count as a pass. */
export function judge(input: JudgeInput, order: Order): Verdict {
  const metrics = input.metrics.map((metric) => judgeMetric(metric, order));
  const groups = groupScores(input, metrics, (metric, index) => isCounted(metric, input.metrics[index]!));
  const critical = metrics.filter((metric) => metric.critical);
  const score = critical.length > 0 ? 0 : summaryScore(input, groups);
  const surely = summaryScore(
    input,
    groupScores(input, metrics, () => true),
  );
  return { ...decide(input, metrics, { score, surely }), score, groups, metrics };
}

function showsNothing({ label }: MetricJudgement): boolean {
  return label === 'nodata' || label === 'inconclusive';
}

function isCounted(metric: MetricJudgement, { mustHaveData, critical }: JudgeInput['metrics'][number]): boolean {
  return !showsNothing(metric) || mustHaveData || (critical && metric.critical);
}

function groupScores(
  { metrics: inputs }: JudgeInput,
  metrics: MetricJudgement[],
  counts: (metric: MetricJudgement, index: number) => boolean,
): Verdict['groups'] {
  const sums = new Map<string, { passed: number; all: number }>();
  metrics.forEach((metric, index) => {
    const { weight } = inputs[index]!;
    const sum = sums.get(metric.group) ?? { passed: 0, all: 0 };
    sums.set(metric.group, sum);
    if (!counts(metric, index)) return;
    sum.all += weight;
    if (metric.label === 'pass') sum.passed += weight;
  });
  return Object.fromEntries(
    [...sums].map(([name, { passed, all }]) => [name, all === 0 ? null : (100 * passed) / all] as const),
  );
}

/** Groups without a weight share what the others leave of 100; groups that show nothing are left out. */
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
  return all === 0 ? 0 : Number((sum / all).toPrecision(12));
}

function decide(
  { thresholds: { pass, marginal }, metrics: inputs }: JudgeInput,
  metrics: MetricJudgement[],
  { score, surely }: { score: number; surely: number },
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
  // A metric that showed nothing must not improve the verdict when it fails, so only passes count.
  if (surely <= HALF && surely < pass) {
    const what = failed.length === 0 ? 'show nothing' : 'show nothing or fail';
    const others = metrics.filter(({ label }) => label !== 'pass');
    return {
      verdict: 'inconclusive',
      reason: `${others.length} of ${metrics.length} metrics ${what}: ${names(others)}`,
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
