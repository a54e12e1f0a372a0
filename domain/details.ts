import type { JudgedStep, Judgement, MetricVerdict, Phase, PhaseRecord, ReleaseStatus } from './release';
import { formatDuration } from './units';

/** More metrics would hide the rest. */
export const MOST_METRICS = 12;

export function describe(status: ReleaseStatus): string {
  return [
    headline(status),
    ...waiting(status),
    '',
    ...status.phases.map(phaseLine),
    ...undoLines(status),
    ...footer(status),
  ].join('\n');
}

function headline({ release, state, outcome, phase, share, why }: ReleaseStatus): string {
  const what = `**${release.app} ${release.version} → ${release.environment}**`;
  if (state === 'ended') return `${what}: ${outcome}${why ? ` — ${why}` : ''}`;
  const where = state === 'running' ? phase : `${state} (${phase})`;
  return `${what}: ${where}, ${share} % of the traffic${why ? ` — ${why}` : ''}`;
}

function phaseLine({ phase, state, startedAt, endedAt, detail }: PhaseRecord): string {
  const took = endedAt === undefined || state === 'skipped' ? '' : ` in ${formatDuration(endedAt - startedAt)}`;
  return `- ${phase}: ${state}${took}${detail ? `: ${detail}` : ''}`;
}

function undoLines({ undos, state }: ReleaseStatus): string[] {
  if (state !== 'undoing' && state !== 'needs a hand') return [];
  return [
    '',
    'Undo:',
    ...undos.map((undo) => `- ${undo.label}: ${undo.state}${undo.failure ? `: ${undo.failure}` : ''}`),
  ];
}

// The Web UI shows the first lines only, so what a person must act on comes early.
function waiting({ waitingFor }: ReleaseStatus): string[] {
  return waitingFor ? ['', `Waiting for ${waitingFor}.`] : [];
}

export function judgedText({ verdict, reason }: Judgement): string {
  return `${verdict === 'not judged' ? '' : 'judged '}${verdict}: ${reason}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function stepText(step: JudgedStep): string {
  return `${stepName(step)}: ${step.judgement.reason.split('\n', 1)[0]}`;
}

/** `canary at 10 %: pass` */
export function stepName(step: JudgedStep): string {
  return `${phaseOf(step) === 'canary' ? `canary at ${step.share} %` : step.name}: ${step.judgement.verdict}`;
}

/** Steps by an older version have the phase in their name only: `canary-10`. */
export function phaseOf({ name, phase }: Pick<JudgedStep, 'name' | 'phase'>): Phase {
  return phase ?? (name.split('-', 1)[0] as Phase);
}

export function detailOf(step: Pick<JudgedStep, 'name' | 'phase' | 'share' | 'judgement'>): string {
  const { verdict, reason } = step.judgement;
  return `${phaseOf(step) === 'canary' ? `at ${step.share} %: ` : ''}${verdict}: ${reason}`;
}

export function undecidedText(reason: string): string {
  return `still inconclusive when the time to decide was over: ${reason}`;
}

/** A phase that has ended repeats the reason of its last step. */
export function phaseTells({ phase, state, detail }: PhaseRecord, step: JudgedStep): boolean {
  const { reason } = step.judgement;
  if (state === 'running' || phase !== phaseOf(step) || detail === undefined) return false;
  return [reason, detailOf(step), undecidedText(reason)].includes(detail);
}

function judgedLines({ judged, judgement }: ReleaseStatus): string[] {
  if (!judgement) return [];
  const metrics = judgement.metrics ?? [];
  return [
    '',
    `${capital(judgedText(judgement))}.`,
    ...(metrics.length > 0 ? [''] : []),
    ...metrics.slice(0, MOST_METRICS).map(metricLine),
    ...(judged && judged.length > 0 ? [''] : []),
    ...(judged ?? []).map((step) => `- ${stepText(step)}${step.picture === undefined ? '' : ` (${step.picture})`}`),
  ];
}

export function labelText(label: MetricVerdict['label']): string {
  if (label === 'nodata') return 'no data';
  return label === 'pass' ? 'no alarm by comparison' : label;
}

function metricLine({ name, label, reason, dryRun }: MetricVerdict): string {
  return `- ${name}: **${labelText(label)}**${dryRun ? ' (shown only)' : ''}: ${reason.split('\n', 1)[0]}`;
}

function footer(status: ReleaseStatus): string[] {
  const { leftovers } = status;
  return [
    ...judgedLines(status),
    ...(leftovers.length > 0 ? ['', 'Left over:', ...leftovers.map((leftover) => `- ${leftover}`)] : []),
  ];
}
