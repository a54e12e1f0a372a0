import { judgedText } from '../../domain/details';
import type { PhaseRecord, ReleaseStatus, UndoRecord } from '../../domain/release';
import { PHASES } from '../../domain/release';
import type { Colours } from '../output';
import { judgedLines, metricLines } from './judged';
import { silenceText, troubleText } from './troubles';
import type { Silence, Trouble } from './troubles';
import { answerTo, commandFor, oneLine, phaseSign, titleOf, tookOf } from './words';

export interface Surroundings {
  /** Milliseconds since the epoch. */
  now: number;
  link?: string;
  silence?: Silence;
  trouble?: Trouble;
}

export function renderTree(status: ReleaseStatus, around: Surroundings, colours: Colours): string[] {
  return [
    heading(status, around, colours),
    ...status.phases.map((phase) => phaseLine(phase, around.now, colours)),
    ...upcoming(status, colours),
    ...undoLines(status, colours),
    ...footer(status, around, colours),
  ];
}

function heading(status: ReleaseStatus, { now }: Surroundings, { bold, dim }: Colours): string {
  const state = status.state === 'running' ? '' : `  ${status.state}`;
  return `${bold(titleOf(status))}${state}  ${dim(`${status.release.id} by ${status.who}, ${tookOf(status, now)}`)}`;
}

function phaseLine(phase: PhaseRecord, now: number, colours: Colours): string {
  const took = phase.state === 'skipped' ? 'skipped' : tookOf(phase, now);
  const detail = phase.detail ? colours.dim(`  ${oneLine(phase.detail)}`) : '';
  return `  ${phaseSign(phase.state, colours)} ${phase.phase.padEnd(9)} ${took.padStart(10)}${detail}`;
}

// A release that goes back has no next phase.
function upcoming({ state, phases }: ReleaseStatus, { dim }: Colours): string[] {
  if (state !== 'running' && state !== 'paused') return [];
  const last = phases.at(-1)?.phase;
  const rest = PHASES.slice(last === undefined ? 0 : PHASES.indexOf(last) + 1);
  return rest.length === 0 ? [] : [dim(`    then ${rest.join(' → ')}`)];
}

function undoLines({ undos, state }: ReleaseStatus, colours: Colours): string[] {
  const begun = state === 'undoing' || state === 'needs a hand' || undos.some((undo) => undo.state !== 'pending');
  if (!begun || undos.length === 0) return [];
  return [colours.bold('  undo'), ...undos.flatMap((undo) => undoLine(undo, colours))];
}

function undoLine({ label, state, failure }: UndoRecord, colours: Colours): string[] {
  const sign = state === 'pending' ? colours.dim('·') : phaseSign(state, colours);
  return [`  ${sign} ${label}`, ...(failure ? [`      ${colours.red(oneLine(failure))}`] : [])];
}

function footer(status: ReleaseStatus, { link, silence, trouble }: Surroundings, colours: Colours): string[] {
  const { share, slot, judgement, waitingFor, why, state } = status;
  if (state === 'ended') return link ? [`  ${colours.dim(link)}`] : [];
  const traffic =
    slot === undefined ? '' : `${status.release.version} is in ${slot} and gets ${share} % of the traffic`;
  return [
    ...(traffic ? [`  ${traffic}`] : []),
    ...(judgement ? [`  ${judgedText({ ...judgement, reason: oneLine(judgement.reason) })}`] : []),
    ...metricLines(judgement, colours).map((line) => `    ${line}`),
    ...judgedLines(status.judged, colours).map((line) => `  ${line}`),
    ...(state === 'paused' ? pausedLines(status, colours) : []),
    ...(why ? [`  ${colours.yellow(oneLine(why))}`] : []),
    ...(waitingFor ? [`  ${colours.yellow(`waiting for ${oneLine(waitingFor)}`)}`, ...answers(status, colours)] : []),
    ...(trouble ? [`  ${colours.yellow(troubleText(trouble))}`] : []),
    ...(silence ? [`  ${colours.red(silenceText(silence))}`] : []),
    ...(link ? [`  ${colours.dim(link)}`] : []),
  ];
}

function pausedLines(status: ReleaseStatus, { yellow, dim }: Colours): string[] {
  const pause = status.messages.findLast(({ name, refused }) => name === 'pause' && refused === undefined);
  const by = pause === undefined ? '' : ` by ${pause.who}${pause.why ? `: ${pause.why}` : ''}`;
  return [`  ${yellow(`paused${by}`)}`, dim(`    ${commandFor('resume', status)}`)];
}

function answers(status: ReleaseStatus, { dim }: Colours): string[] {
  const command = answerTo(status);
  return command === undefined ? [] : [dim(`    ${command}`)];
}
