import { judgedText, stepText } from '../../domain/details';
import { eventsBetween } from '../../domain/events';
import type { ReleaseEvent } from '../../domain/events';
import type { ReleaseRef, ReleaseStatus } from '../../domain/release';
import { metricText } from './judged';
import { commandFor, titleOf, tookOf } from './words';

/** A soak is one line when it has ended, whatever its samples said; `status` has the comparisons behind it. */
export function renderEvents(before: ReleaseStatus | undefined, now: ReleaseStatus, link?: string): string[] {
  return eventsBetween(before, now)
    .flatMap((event) => [eventLine(event, now.release), event.kind === 'started' ? link : undefined])
    .filter((line) => line !== undefined);
}

/** Undefined for the end, which the summary tells. */
function eventLine(event: ReleaseEvent, release: ReleaseRef): string | undefined {
  switch (event.kind) {
    case 'started':
      return `releasing ${titleOf(event)} (${event.release.id}) by ${event.who}`;
    case 'message':
      return messageLine(event.message);
    case 'phase':
      return phaseLine(event.phase);
    case 'judged':
      return stepText(event.step);
    case 'alarm':
      return metricText(event.metric);
    case 'share':
      return `${release.version} gets ${event.share} % of the traffic`;
    case 'state':
      return event.state === 'running' ? 'goes on' : `${event.state}${more(event.why)}`;
    case 'undo':
      return `undo: ${event.undo.label}: ${event.undo.state}${more(event.undo.failure)}`;
    case 'standing':
      return judgedText(event.judgement);
    case 'asks':
      return `waiting for ${event.text}${more(event.yes && commandFor(event.yes, { release }))}`;
    case 'ended':
      return undefined;
  }
}

function messageLine({ name, who, why, refused }: Extract<ReleaseEvent, { kind: 'message' }>['message']): string {
  return `${name} by ${who}${more(why)}${refused === undefined ? '' : ` — refused: ${refused}`}`;
}

function phaseLine(phase: Extract<ReleaseEvent, { kind: 'phase' }>['phase']): string {
  const ended = phase.state === 'skipped' ? 'skipped' : `${phase.state} in ${tookOf(phase, phase.startedAt)}`;
  return `${phase.phase} ${ended}${more(phase.detail)}`;
}

function more(text: string | undefined): string {
  return text ? `: ${text}` : '';
}
