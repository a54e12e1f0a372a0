import type { JudgedStep, Judgement, MetricVerdict, Phase, PhaseRecord, ReleaseStatus } from './release';
import { formatDuration } from './units';

/** How many metrics are shown at most: more would hide the rest. */
export const MOST_METRICS = 12;

/** A release in a few lines of Markdown, for the Temporal Web UI. */
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

/** A release in one line. */
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

// Near the top: the Web UI shows the first lines only, and this is what somebody has to act on.
function waiting({ waitingFor }: ReleaseStatus): string[] {
  return waitingFor ? ['', `Waiting for ${waitingFor}.`] : [];
}

/** A judgement in words: `judged pass: 300 requests`, or `not judged: no limits configured`. */
export function judgedText({ verdict, reason }: Judgement): string {
  return `${verdict === 'not judged' ? '' : 'judged '}${verdict}: ${reason}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How one share of the traffic was judged, in a line: `canary at 10 %: pass: 1000 requests, error rate 0 %`. */
export function stepText(step: JudgedStep): string {
  return `${stepName(step)}: ${step.judgement.reason.split('\n', 1)[0]}`;
}

/** The same without why: `canary at 10 %: pass`. */
export function stepName(step: JudgedStep): string {
  return `${phaseOf(step) === 'canary' ? `canary at ${step.share} %` : step.name}: ${step.judgement.verdict}`;
}

/** The phase of a step; those that an older version judged have it in their name only: `canary-10`. */
export function phaseOf({ name, phase }: Pick<JudgedStep, 'name' | 'phase'>): Phase {
  return phase ?? (name.split('-', 1)[0] as Phase);
}

/** How a phase says of a step how it was judged: `at 10 %: pass: 1000 requests`. */
export function detailOf(step: Pick<JudgedStep, 'name' | 'phase' | 'share' | 'judgement'>): string {
  const { verdict, reason } = step.judgement;
  return `${phaseOf(step) === 'canary' ? `at ${step.share} %: ` : ''}${verdict}: ${reason}`;
}

/** Why a release goes back that nobody decided about in time. */
export function undecidedText(reason: string): string {
  return `still inconclusive when the time to decide was over: ${reason}`;
}

/** Whether a phase that has ended says itself how a step was judged: it does of the last one. */
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

/** A label in words; `pass` of one metric says no more than this, since limits may have failed the version meanwhile. */
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
