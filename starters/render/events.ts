import { judgedText } from '../../domain/details';
import type { MessageRecord, PhaseRecord, ReleaseStatus, UndoRecord } from '../../domain/release';
import { alarmEvents, stepEvents } from './judged';
import { answerTo, titleOf, tookOf } from './words';

/**
 * What happened between two looks at a release, one line per event, for logs: CI shows no redrawn picture. Without a
 * look before, everything so far is told. What is merely under way is no event: see `plainLines`. A soak is one line
 * when it has ended, whatever its samples said meanwhile; the comparisons behind it are in `status`.
 */
export function renderEvents(before: ReleaseStatus | undefined, now: ReleaseStatus): string[] {
  return [
    ...(before === undefined ? [`releasing ${titleOf(now)} (${now.release.id}) by ${now.who}`] : []),
    ...now.messages.slice(newFrom(before?.messages, now.messages)).map(messageLine),
    ...now.phases.flatMap((phase, index) => phaseEvents(before?.phases[index], phase)),
    ...stepEvents(before, now),
    ...alarmEvents(before, now),
    ...shareEvent(before, now),
    ...stateEvents(before, now),
    ...now.undos.flatMap((undo) => undoEvents(undoBefore(before, undo), undo)),
    ...changes(before, now),
  ];
}

/** Where the events of today's list begin that was not there before; old ones may have been dropped from it. */
function newFrom(before: MessageRecord[] | undefined, now: MessageRecord[]): number {
  const last = before?.at(-1);
  if (last === undefined) return 0;
  const key = JSON.stringify(last);
  return now.findLastIndex((message) => JSON.stringify(message) === key) + 1;
}

function messageLine({ name, who, why, refused }: MessageRecord): string {
  return `${name} by ${who}${why ? `: ${why}` : ''}${refused === undefined ? '' : ` — refused: ${refused}`}`;
}

function phaseEvents(before: PhaseRecord | undefined, phase: PhaseRecord): string[] {
  if (phase.state === before?.state) return [];
  const detail = phase.detail ? `: ${phase.detail}` : '';
  switch (phase.state) {
    case 'running':
      return [];
    case 'skipped':
      return [`${phase.phase} skipped${detail}`];
    case 'done':
    case 'failed':
      return [`${phase.phase} ${phase.state} in ${tookOf(phase, phase.startedAt)}${detail}`];
  }
}

function stateEvents(before: ReleaseStatus | undefined, { state, why, phases }: ReleaseStatus): string[] {
  if (state === before?.state || state === 'ended') return [];
  if (state === 'running') return before === undefined ? [] : ['goes on'];
  if (state === 'undoing') {
    // The phase that failed has just said why, with the last lines of a log perhaps.
    const isTold = why === undefined || phases.some(({ detail }) => detail === why);
    return [`undoing${isTold ? '' : `: ${why}`}`];
  }
  return [state];
}

function undoBefore(before: ReleaseStatus | undefined, { label }: UndoRecord): UndoRecord | undefined {
  return before?.undos.find((undo) => undo.label === label);
}

function undoEvents(before: UndoRecord | undefined, { label, state, failure }: UndoRecord): string[] {
  if (state === 'pending' || state === 'running' || state === before?.state) return [];
  return [`undo: ${label}: ${state}${failure ? `: ${failure}` : ''}`];
}

function shareEvent(before: ReleaseStatus | undefined, { share, release }: ReleaseStatus): string[] {
  return share === (before?.share ?? 0) ? [] : [`${release.version} gets ${share} % of the traffic`];
}

function changes(before: ReleaseStatus | undefined, now: ReleaseStatus): string[] {
  const { waitingFor, judgement, state } = now;
  // Whoever comes later wants to know how it stands.
  const stands = before === undefined && judgement !== undefined && state !== 'ended';
  const answer = answerTo(now);
  return [
    ...(stands ? [judgedText(judgement)] : []),
    ...(waitingFor && waitingFor !== before?.waitingFor
      ? [`waiting for ${waitingFor}${answer ? `: ${answer}` : ''}`]
      : []),
  ];
}
