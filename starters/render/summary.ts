import type { ReleaseStatus, UndoRecord } from '../../domain/release';
import type { Colours } from '../output';
import { alarmLines, judgedLines } from './judged';
import { commandFor, oneLine, outcomeText, titleOf, tookOf } from './words';

/** @param isTold true after lines that told the whole reason, with what containers logged: then it is one line */
export function renderSummary(status: ReleaseStatus, colours: Colours, { isTold = false } = {}): string {
  const reason = status.why ? ` — ${isTold ? oneLine(status.why) : status.why}` : '';
  const lines = status.state === 'needs a hand' ? handLines : endLines;
  return lines(status, reason, colours).join('\n');
}

function endLines(status: ReleaseStatus, reason: string, colours: Colours): string[] {
  const { outcome, why, endedAt, startedAt, leftovers } = status;
  const ending = outcome === undefined ? status.state : outcomeText(outcome, colours);
  const took = tookOf({ startedAt, endedAt }, startedAt);
  return [
    `${colours.bold(titleOf(status))}: ${ending} after ${took}${reason}`,
    ...liveLine(status),
    ...judgedLines(status.judged, colours, why).map((line) => `  ${line}`),
    ...failureLines(status, colours),
    ...leftovers.map((leftover) => `  left over: ${leftover}`),
    ...(outcome === 'terminated' ? [`  what was live before serves again; see ${commandFor('status', status)}`] : []),
  ];
}

function failureLines({ judged }: ReleaseStatus, colours: Colours): string[] {
  const last = judged?.at(-1)?.judgement;
  return last?.verdict === 'fail' ? alarmLines(last, colours).map((line) => `    ${line}`) : [];
}

function liveLine({ outcome, live }: ReleaseStatus): string[] {
  if (outcome === 'released' || outcome === 'migrated' || outcome === 'unchanged' || outcome === 'removed') return [];
  return [live ? `  live: ${live.version} in ${live.slot}` : '  nothing is live'];
}

function handLines(status: ReleaseStatus, reason: string, colours: Colours): string[] {
  const failed = status.undos.filter(({ state }) => state === 'failed');
  const waiting = status.undos.filter(({ state }) => state === 'pending');
  return [
    `${colours.bold(titleOf(status))}: ${colours.red('needs a hand')}${reason}`,
    'This could not be undone:',
    ...failed.map(undoLine),
    ...(waiting.length === 0 ? [] : ['These wait for it:', ...waiting.map(undoLine)]),
    'Nothing else can be released until this is settled. Remove the cause, or do it by hand as docs/runbook.md says, then:',
    `  ${commandFor('retry', status)}      tries it again`,
    `  ${commandFor('resolved', status)}   says that you did it`,
  ];
}

function undoLine({ label, failure }: UndoRecord): string {
  return `  - ${label}${failure ? `: ${failure}` : ''}`;
}
