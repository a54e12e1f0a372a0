import { yesTo } from './asking';
import type { Asked } from './asking';
import { phaseTells } from './details';
import type { MessageName } from './messages';
import { isWorse, PHASES } from './release';
import type {
  JudgedStep,
  Judgement,
  MessageRecord,
  MetricVerdict,
  Outcome,
  Phase,
  PhaseRecord,
  ReleaseRef,
  ReleaseStatus,
  UndoRecord,
} from './release';

/** `at` is in ms since the epoch; absent when the time is unknown. */
export type ReleaseEvent =
  | { kind: 'started'; at: number; release: ReleaseRef; who: string }
  | { kind: 'message'; at: number; message: MessageRecord }
  | { kind: 'phase'; at?: number; phase: PhaseRecord & { state: 'done' | 'failed' | 'skipped' } }
  | { kind: 'judged'; step: JudgedStep }
  | { kind: 'alarm'; metric: MetricVerdict }
  | { kind: 'share'; share: number }
  /** `why` is absent when the failed phase says the same. */
  | { kind: 'state'; state: Exclude<ReleaseStatus['state'], 'ended'>; why?: string }
  | { kind: 'undo'; undo: UndoRecord & { state: 'done' | 'failed' } }
  /** The running soak's judgement so far, for people who come later. */
  | { kind: 'standing'; judgement: Judgement }
  /** `yes` is the message for agreement; older versions send no `asks`. */
  | { kind: 'asks'; at?: number; text: string; yes?: MessageName; asks?: Asked }
  | { kind: 'ended'; at?: number; outcome?: Outcome; why?: string };

type PhaseEvent = Extract<ReleaseEvent, { kind: 'phase' }>;
type MessageEvent = Extract<ReleaseEvent, { kind: 'message' }>;

/** Compares two statuses; without `before` everything is new. Several changes of state or share count as one. */
export function eventsBetween(before: ReleaseStatus | undefined, now: ReleaseStatus): ReleaseEvent[] {
  return [
    ...startOf(before, now),
    ...progress(before, now),
    ...stateEvents(before, now),
    ...now.undos.flatMap((undo) => undoEvents(before?.undos, undo)),
    ...standingEvents(before, now),
    ...asksEvents(before, now),
    ...endEvents(before, now),
  ];
}

function startOf(before: ReleaseStatus | undefined, { release, who, startedAt }: ReleaseStatus): ReleaseEvent[] {
  return before === undefined ? [{ kind: 'started', at: startedAt, release, who }] : [];
}

/** Old messages are dropped from the beginning and new ones added at the end, so the overlap is already known. */
function newMessages(before: MessageRecord[], now: MessageRecord[]): MessageRecord[] {
  const [old, all] = [before, now].map((messages) => messages.map((message) => JSON.stringify(message)));
  for (let dropped = 0; dropped < before.length; dropped++) {
    const common = old!.slice(dropped);
    if (common.every((message, index) => message === all![index])) return now.slice(common.length);
  }
  return now;
}

/** A share stands before the phases that it was needed for, also when several have ended since the last look. */
function progress(before: ReleaseStatus | undefined, now: ReleaseStatus): ReleaseEvent[] {
  const phases = now.phases.flatMap((phase, index) => phaseEvents(before?.phases[index], phase));
  const all = withMessages(phases, messageEvents(before, now));
  const share = shareEvents(before, now);
  const later = isForward(before, now) ? all.findIndex((event) => isAfter(event, givenBy(now))) : -1;
  const split = later === -1 ? all.length : later;
  const judged = [...judgedEvents(before, now), ...alarmEvents(before, now)];
  return [...all.slice(0, split), ...judged, ...share, ...all.slice(split)];
}

function isAfter(event: PhaseEvent | MessageEvent, phase: Phase): boolean {
  return event.kind === 'phase' && rank(event.phase.phase) >= rank(phase);
}

/** A message stands before the first phase that ended after it. */
function withMessages(phases: PhaseEvent[], messages: MessageEvent[]): (PhaseEvent | MessageEvent)[] {
  const left = [...messages];
  const told = phases.flatMap((event) => {
    const later = left.findIndex(({ at }) => event.at === undefined || at > event.at);
    return [...left.splice(0, later === -1 ? left.length : later), event];
  });
  return [...told, ...left];
}

function messageEvents(before: ReleaseStatus | undefined, { messages }: ReleaseStatus): MessageEvent[] {
  return newMessages(before?.messages ?? [], messages).map((message) => ({ kind: 'message', at: message.at, message }));
}

function isForward(before: ReleaseStatus | undefined, { share, state }: ReleaseStatus): boolean {
  return share > (before?.share ?? 0) && (state === 'running' || state === 'paused' || state === 'ended');
}

/** The phase in which the version got its share. */
function givenBy({ share }: ReleaseStatus): Phase {
  return share === 100 ? 'switch' : 'canary';
}

function rank(phase: Phase): number {
  return PHASES.indexOf(phase);
}

function phaseEvents(before: PhaseRecord | undefined, phase: PhaseRecord): PhaseEvent[] {
  const { state, endedAt } = phase;
  if (state === 'running' || state === before?.state) return [];
  return [{ kind: 'phase', ...(endedAt !== undefined && { at: endedAt }), phase: { ...phase, state } }];
}

function judgedEvents(before: ReleaseStatus | undefined, { judged = [], phases }: ReleaseStatus): ReleaseEvent[] {
  const told = new Set(before?.judged?.map(keyOf));
  return judged
    .filter((step) => !told.has(keyOf(step)) && !phases.some((phase) => phaseTells(phase, step)))
    .map((step) => ({ kind: 'judged', step }));
}

function keyOf({ name, judgement: { verdict, reason } }: JudgedStep): string {
  return JSON.stringify([name, verdict, reason]);
}

/** After an undo, the failed phase and the reason already say it. */
function alarmEvents(before: ReleaseStatus | undefined, { judgement, state }: ReleaseStatus): ReleaseEvent[] {
  if (state !== 'running' && state !== 'paused') return [];
  const told = new Set(before?.judgement?.metrics?.filter(isWorse).map(({ name }) => name));
  return (judgement?.metrics ?? [])
    .filter((metric) => isWorse(metric) && !told.has(metric.name))
    .map((metric) => ({ kind: 'alarm', metric }));
}

function shareEvents(before: ReleaseStatus | undefined, { share }: ReleaseStatus): ReleaseEvent[] {
  return share === (before?.share ?? 0) ? [] : [{ kind: 'share', share }];
}

function stateEvents(before: ReleaseStatus | undefined, { state, why, phases }: ReleaseStatus): ReleaseEvent[] {
  if (state === 'ended' || state === (before?.state ?? 'running')) return [];
  const isTold = state !== 'undoing' || why === undefined || phases.some(({ detail }) => detail === why);
  return [{ kind: 'state', state, ...(!isTold && { why }) }];
}

function undoEvents(before: UndoRecord[] | undefined, undo: UndoRecord): ReleaseEvent[] {
  const { label, state, failure } = undo;
  if (state !== 'done' && state !== 'failed') return [];
  const known = before?.find((one) => one.label === label);
  // A new try may fail with other words between two looks.
  if (known?.state === state && known.failure === failure) return [];
  return [{ kind: 'undo', undo: { ...undo, state } }];
}

function standingEvents(before: ReleaseStatus | undefined, { judgement, state }: ReleaseStatus): ReleaseEvent[] {
  return before === undefined && judgement !== undefined && state !== 'ended' ? [{ kind: 'standing', judgement }] : [];
}

function asksEvents(before: ReleaseStatus | undefined, now: ReleaseStatus): ReleaseEvent[] {
  const { waitingFor: text, asks } = now;
  // The same question may come twice; older versions do not say since when.
  const isOther = asks && before?.asks && asks.since !== before.asks.since;
  if (!text || (text === before?.waitingFor && !isOther)) return [];
  const yes = yesTo(now);
  return [{ kind: 'asks', text, ...(yes && { yes }), ...(asks && { at: asks.since, asks }) }];
}

function endEvents(before: ReleaseStatus | undefined, { state, outcome, why, endedAt }: ReleaseStatus): ReleaseEvent[] {
  if (state !== 'ended' || before?.state === 'ended') return [];
  return [
    { kind: 'ended', ...(endedAt !== undefined && { at: endedAt }), ...(outcome && { outcome }), ...(why && { why }) },
  ];
}
