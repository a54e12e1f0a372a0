import { eventsBetween } from '../../domain/events';
import type { ReleaseEvent } from '../../domain/events';
import type { MessageRecord, MetricVerdict, PhaseRecord, ReleaseStatus } from '../../domain/release';

const START: ReleaseStatus = {
  release: { app: 'shop', environment: 'production', id: 'r1', version: '1.3.0' },
  ...{ state: 'running', phase: 'preflight', phases: [], undos: [], messages: [], share: 0, leftovers: [] },
  ...{ who: 'alice', note: '', startedAt: 1_000 },
};
const phase = (name: PhaseRecord['phase'], more: Partial<PhaseRecord> = {}): PhaseRecord => ({
  ...{ phase: name, state: 'done', startedAt: 1_000, endedAt: 2_000 },
  ...more,
});
const message = (name: string, at: number): MessageRecord => ({ name, who: 'bob', why: '', at });
const metric = (name: string, label: MetricVerdict['label']): MetricVerdict => ({
  ...{ name, label, critical: false, interval: null, shift: null, deviation: null, reason: 'numbers' },
});
const step = (share: number, reason: string) => ({
  ...{ name: `canary-${share}`, phase: 'canary' as const, share, requests: 100 },
  judgement: { verdict: 'pass' as const, reason },
});

const CANARY = phase('canary', { state: 'running', endedAt: undefined });
const UNDO = { label: 'remove 1.3.0', state: 'failed', failure: 'no engine' } as const;

/** A release from its beginning to its end: each look changes what the one before showed. */
const LOOKS = (
  [
    {},
    { phases: [phase('preflight')], phase: 'deploy' },
    { phases: [phase('preflight'), CANARY], phase: 'canary', share: 10 },
    { state: 'paused', messages: [message('pause', 3)] },
    { state: 'running', messages: [message('pause', 3), message('resume', 4)], judged: [step(10, 'well')] },
    {
      ...{ state: 'undoing', why: 'errors', undos: [{ ...UNDO, state: 'running', failure: undefined }] },
      phases: [phase('preflight'), { ...CANARY, state: 'failed', detail: 'errors', endedAt: 5_000 }],
    },
    {
      ...{ state: 'needs a hand', share: 0, undos: [UNDO] },
      ...{ asks: { for: 'hand', undo: UNDO.label, since: 9_000 }, waitingFor: 'retry or resolved' },
    },
    {
      ...{ state: 'ended', outcome: 'rolled back', endedAt: 10_000 },
      ...{ asks: undefined, waitingFor: undefined, undos: [{ label: UNDO.label, state: 'done' }] },
    },
  ] satisfies Partial<ReleaseStatus>[]
).reduce<ReleaseStatus[]>((looks, change) => [...looks, { ...(looks.at(-1) ?? START), ...change }], []);

function told(looks: ReleaseStatus[]): ReleaseEvent[] {
  return looks.flatMap((now, index) => eventsBetween(looks[index - 1], now));
}
const kinds = (events: ReleaseEvent[]): string[] => events.map(({ kind }) => kind);

describe('what happened between two looks at a release', () => {
  it('is told from the beginning to the end, each with its time where that is known', () => {
    expect(told(LOOKS)).toMatchObject([
      { kind: 'started', at: 1_000, who: 'alice' },
      { kind: 'phase', at: 2_000, phase: { phase: 'preflight', state: 'done' } },
      { kind: 'share', share: 10 },
      { kind: 'message', at: 3, message: { name: 'pause' } },
      { kind: 'state', state: 'paused' },
      { kind: 'message', at: 4, message: { name: 'resume' } },
      { kind: 'judged', step: { name: 'canary-10' } },
      { kind: 'state', state: 'running' },
      { kind: 'phase', at: 5_000, phase: { phase: 'canary', state: 'failed' } },
      { kind: 'state', state: 'undoing' },
      { kind: 'share', share: 0 },
      { kind: 'state', state: 'needs a hand' },
      { kind: 'undo', undo: { state: 'failed', failure: 'no engine' } },
      { kind: 'asks', at: 9_000, text: 'retry or resolved', asks: { for: 'hand' } },
      { kind: 'undo', undo: { state: 'done' } },
      { kind: 'ended', at: 10_000, outcome: 'rolled back' },
    ]);
  });

  it('is nothing when nothing happened', () => {
    for (const look of LOOKS) expect(eventsBetween(look, look)).toEqual([]);
  });

  it('keeps phases, messages, judged steps, undos and the end however far apart the looks are', () => {
    const [first, last] = [LOOKS[0]!, LOOKS.at(-1)!];
    const kept = ['message', 'message', 'phase', 'phase', 'judged', 'undo', 'ended'];
    expect(kinds(eventsBetween(first, last))).toEqual(kept);
    expect(kinds(eventsBetween(undefined, last))).toEqual(['started', ...kept]);
  });
});

describe('a share', () => {
  const wording = (event: ReleaseEvent) => {
    if (event.kind === 'phase') return `${event.phase.phase} ${event.phase.state}`;
    return event.kind === 'share' ? `gets ${event.share} %` : event.kind;
  };
  const before = { ...START, phases: [phase('smoke')], share: 10 };
  const then = (share: number, ...names: PhaseRecord['phase'][]) =>
    eventsBetween(before, { ...before, share, phases: [...before.phases, ...names.map((name) => phase(name))] });

  it('stands before the phases that it was needed for, however many have ended since the last look [proves ui]', () => {
    expect(then(100, 'canary', 'switch', 'verify', 'drain').map(wording)).toEqual([
      ...['canary done', 'gets 100 %', 'switch done', 'verify done', 'drain done'],
    ]);
    expect(then(50, 'canary').map(wording)).toEqual(['gets 50 %', 'canary done']);
    expect(then(50).map(wording)).toEqual(['gets 50 %']);
  });
});

describe('a message', () => {
  const between = (before: MessageRecord[], now: MessageRecord[]) =>
    eventsBetween({ ...START, messages: before }, { ...START, messages: now }).map(
      (event) => event.kind === 'message' && event.message.at,
    );
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => message('pause', from + index));

  it('is told once although old ones were dropped from the list', () =>
    expect(between(numbers(1, 50), numbers(3, 52))).toEqual([51, 52]));
  it('is told although all that were known were dropped', () =>
    expect(between(numbers(1, 3), numbers(4, 6))).toEqual([4, 5, 6]));
  it('is told although the same came in the same moment', () =>
    expect(between([message('pause', 1)], [message('pause', 1), message('pause', 1)])).toEqual([1]));
  it('is told between the phases by its time, in a release that ended long ago', () => {
    const phases = [phase('smoke'), phase('canary', { endedAt: 5_000 }), phase('switch', { endedAt: 6_000 })];
    const now = { ...START, share: 100, phases, messages: [message('pause', 3_000), message('approve', 5_500)] };
    const wording = (event: ReleaseEvent) => {
      if (event.kind === 'phase') return event.phase.phase;
      return event.kind === 'message' ? event.message.name : event.kind;
    };
    expect(eventsBetween(undefined, now).map(wording)).toEqual([
      ...['started', 'smoke', 'pause', 'canary', 'approve', 'share', 'switch'],
    ]);
  });
});

describe('a judged step', () => {
  const canary = (
    detail: string | undefined,
    judged: ReturnType<typeof step>[],
    state: PhaseRecord['state'] = 'done',
  ) => kinds(eventsBetween(START, { ...START, judged, phases: [phase('canary', { detail, state })] }));

  it('is told by its phase alone when it was the last', () => {
    expect(canary('at 50 %: pass: well', [step(10, 'fine'), step(50, 'well')])).toEqual(['phase', 'judged']);
    expect(canary('well', [step(50, 'well')], 'failed')).toEqual(['phase']);
  });
  it('is told although the last one of its phase said the same', () =>
    expect(canary('at 50 %: pass: well', [step(10, 'well'), step(50, 'well')])).toEqual(['phase', 'judged']));
  it('is told although its phase ended otherwise', () =>
    expect(canary('abort by bob: a well of trouble', [step(10, 'well')], 'failed')).toEqual(['phase', 'judged']));
});

describe('an alarm', () => {
  const seen = (state: ReleaseStatus['state'], ...metrics: MetricVerdict[]): ReleaseStatus => ({
    ...START,
    state,
    judgement: { verdict: 'pass', reason: '', metrics },
  });
  it('is told when it begins, and not of a metric that is only shown', () => {
    const now = seen('running', metric('m0', 'high'), { ...metric('m1', 'high'), dryRun: true });
    expect(kinds(eventsBetween(seen('running', metric('m0', 'pass')), now))).toEqual(['alarm']);
    expect(eventsBetween(now, now)).toEqual([]);
  });
});

describe('a question', () => {
  const asking = (since: number): ReleaseStatus => ({
    ...START,
    asks: { for: 'promotion', share: 10, since },
    waitingFor: 'promote or reject',
  });
  it('is told with the message that says yes, and again when the same is asked anew', () => {
    expect(eventsBetween(START, asking(5))).toMatchObject([{ kind: 'asks', at: 5, yes: 'promote' }]);
    expect(kinds(eventsBetween(asking(5), asking(5)))).toEqual([]);
    expect(kinds(eventsBetween(asking(5), asking(6)))).toEqual(['asks']);
  });
  it('of an older version is told by its words', () => {
    const older = { ...asking(5), asks: undefined };
    expect(kinds(eventsBetween(START, older))).toEqual(['asks']);
    expect(kinds(eventsBetween(older, asking(5)))).toEqual([]);
  });
});

it('an undo that failed again, with other words, is told again', () => {
  const failed = (failure: string): ReleaseStatus => ({ ...START, undos: [{ label: 'x', state: 'failed', failure }] });
  expect(kinds(eventsBetween(failed('no engine'), failed('no room')))).toEqual(['undo']);
});
