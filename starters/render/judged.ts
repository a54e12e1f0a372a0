import { labelText, stepName, stepText } from '../../domain/details';
import type { JudgedStep, Judgement, MetricVerdict, ReleaseStatus, Verdict } from '../../domain/release';
import type { Colours } from '../output';

/** More metrics than this would push the rest of the picture away. */
const MOST_METRICS = 12;

/** What each metric said, one a line, failures first. */
export function metricLines(judgement: Judgement | undefined, colours: Colours): string[] {
  const { metrics = [], verdict } = judgement ?? {};
  const ordered = [...metrics].sort((one, other) => Number(isBad(other)) - Number(isBad(one)));
  const left = ordered.length - MOST_METRICS;
  return [
    ...ordered.slice(0, MOST_METRICS).map((metric) => `${sign(metric, verdict, colours)} ${metricText(metric)}`),
    ...(left > 0 ? [colours.dim(`and ${left} more, see --json`)] : []),
  ];
}

/** The metrics that were worse, one a line, but for what stands above already. */
export function alarmLines(judgement: Judgement | undefined, told: string, colours: Colours): string[] {
  const alarms = (judgement?.metrics ?? []).filter((metric) => isBad(metric) && !told.includes(metric.reason));
  return metricLines(judgement && { ...judgement, metrics: alarms }, colours);
}

/** `errors web: high: 40 of 200 requests failed …` */
export function metricText({ name, label, reason, dryRun }: MetricVerdict): string {
  return `${name}: ${labelText(label)}${dryRun ? ' (shown only)' : ''}: ${reason.split('\n', 1)[0]}`;
}

/** How each share of the traffic was judged, one a line; `told` is a reason that stands above already. */
export function judgedLines(judged: readonly JudgedStep[] | undefined, colours: Colours, told?: string): string[] {
  return (judged ?? []).flatMap((step) => [
    `${verdictSign(step, colours)} ${told === step.judgement.reason ? stepName(step) : stepText(step)}`,
    ...(step.picture === undefined ? [] : [colours.dim(`  ${step.picture}`)]),
  ]);
}

/** `10 % pass, 50 % fail` */
export function judgedInWords(judged: readonly JudgedStep[] | undefined): string {
  return (judged ?? [])
    .map(({ name, share, judgement }) => `${name.startsWith('canary-') ? `${share} %` : name} ${judgement.verdict}`)
    .join(', ');
}

/** How each share of the traffic was judged, told when its soak has ended; of the last one the phase tells the same. */
export function stepEvents(before: ReleaseStatus | undefined, { judged = [], phases }: ReleaseStatus): string[] {
  const told = new Set(before?.judged?.map(stepText));
  const ended = phases.filter(({ state }) => state !== 'running');
  return judged
    .filter(({ judgement }) => !ended.some(({ detail }) => detail?.includes(judgement.reason)))
    .map(stepText)
    .filter((line) => !told.has(line));
}

/** A metric that began to say that the new version is worse; once it is undone, the phase and the last word say so. */
export function alarmEvents(before: ReleaseStatus | undefined, { judgement, state }: ReleaseStatus): string[] {
  if (state !== 'running' && state !== 'paused') return [];
  const told = new Set(before?.judgement?.metrics?.filter(isBad).map(({ name }) => name));
  return (judgement?.metrics ?? []).filter((metric) => isBad(metric) && !told.has(metric.name)).map(metricText);
}

function isBad({ label, dryRun }: MetricVerdict): boolean {
  return !dryRun && (label === 'high' || label === 'low');
}

/** What did not alarm is no comfort once something else has failed the version. */
function sign(metric: MetricVerdict, verdict: Verdict | undefined, { green, red, dim }: Colours): string {
  if (isBad(metric)) return red('✗');
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
