import { labelText, MOST_METRICS, phaseOf, stepName, stepText } from '../../domain/details';
import { isWorse } from '../../domain/release';
import type { JudgedStep, Judgement, MetricVerdict, Verdict } from '../../domain/release';
import type { Colours } from '../output';

export function metricLines(judgement: Judgement | undefined, colours: Colours): string[] {
  const { metrics = [], verdict } = judgement ?? {};
  const ordered = [...metrics].sort((one, other) => Number(isWorse(other)) - Number(isWorse(one)));
  const left = ordered.length - MOST_METRICS;
  return [
    ...ordered.slice(0, MOST_METRICS).map((metric) => `${sign(metric, verdict, colours)} ${metricText(metric)}`),
    ...(left > 0 ? [colours.dim(`and ${left} more, see --json`)] : []),
  ];
}

/** Leaves out the metric that the reason quotes. */
export function alarmLines(judgement: Judgement, colours: Colours): string[] {
  const alarms = (judgement.metrics ?? []).filter((metric) => isWorse(metric) && !isQuoted(metric, judgement));
  return metricLines({ ...judgement, metrics: alarms }, colours);
}

/** An older version does not say which metric decided. */
function isQuoted({ name, reason }: MetricVerdict, judgement: Judgement): boolean {
  const { decidedBy } = judgement;
  return decidedBy === undefined ? judgement.reason === `${name}: ${reason}` : decidedBy === name;
}

/** `errors web: high: 40 of 200 requests failed …` */
export function metricText({ name, label, reason, dryRun }: MetricVerdict): string {
  return `${name}: ${labelText(label)}${dryRun ? ' (shown only)' : ''}: ${reason.split('\n', 1)[0]}`;
}

/** `told` is a reason that stands above already. */
export function judgedLines(judged: readonly JudgedStep[] | undefined, colours: Colours, told?: string): string[] {
  return (judged ?? []).flatMap((step) => [
    `${verdictSign(step, colours)} ${told === step.judgement.reason ? stepName(step) : stepText(step)}`,
    ...(step.picture === undefined ? [] : [colours.dim(`  ${step.picture}`)]),
  ]);
}

/** `10 % pass, 50 % fail` */
export function judgedInWords(judged: readonly JudgedStep[] | undefined): string {
  return (judged ?? [])
    .map((step) => `${phaseOf(step) === 'canary' ? `${step.share} %` : step.name} ${step.judgement.verdict}`)
    .join(', ');
}

/** A metric that passes gets no green sign once another one has failed the version. */
function sign(metric: MetricVerdict, verdict: Verdict | undefined, { green, red, dim }: Colours): string {
  if (isWorse(metric)) return red('✗');
  return metric.label === 'pass' && verdict !== 'fail' ? green('✓') : dim('·');
}

function verdictSign({ judgement }: JudgedStep, { green, red, yellow, dim }: Colours): string {
  switch (judgement.verdict) {
    case 'pass':
      return green('✓');
    case 'fail':
      return red('✗');
    case 'inconclusive':
      return yellow('!');
    case 'not judged':
      return dim('–');
  }
}
