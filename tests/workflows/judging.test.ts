import type { SoakInput, SoakReport } from '../../activities/steps';
import type { SlotCounters } from '../../domain/router';
import type { JudgedStep, LedgerEntry, MetricVerdict, ReleaseResult } from '../../domain/release';
import type { SoakState } from '../../domain/judging/soak/state';
import { beatUntilCancelled, judged } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';

let world: ReleaseWorld;
beforeAll(async () => void (world = await ReleaseWorld.start()), 300_000);
afterAll(async () => world.stop());
beforeEach(() => world.reset());

const METRIC: MetricVerdict = {
  name: 'errors web',
  label: 'pass',
  critical: false,
  interval: { lower: 0.5, upper: 2 },
  shift: 0,
  deviation: 1,
  reason: '1 of 1000 requests failed',
};
const counted = (requests: number): Record<string, SlotCounters> => ({ web: { requests, errors: 1, latency: [] } });

/** What a soak knows after it saw something: told apart by how often it was carried on. */
function knowing({ name, carried }: SoakInput): SoakState {
  const before = carried?.name === name ? (carried as SoakState & { times?: number }).times : 0;
  return { name, series: {}, metrics: {}, triggers: [{ held: 7 }], times: (before ?? 0) + 1 } as unknown as SoakState;
}
const seen = (input: SoakInput, report: SoakReport = judged('pass', 'all is well', 60_000)): SoakReport => ({
  ...report,
  judgement: { ...report.judgement, metrics: [METRIC] },
  carried: knowing(input),
  counted: input.beside && counted(900),
  picture: `/state/reports/${input.release.id}/${input.name}.svg`,
});
async function untilEnded(input: SoakInput): Promise<SoakReport> {
  await beatUntilCancelled();
  return { ...seen(input, judged('pass', 'nothing bad so far')), interrupted: true };
}
/** A soak with a length passes, one without lasts until somebody ends it. */
const patient = (input: SoakInput) => (input.soak === null ? untilEnded(input) : seen(input));
const manual = { canary: { steps: [{ weight: 10, soak: '1m', manual: true }] } };
const begin = async (settings = {}, live: typeof LIVE | null = LIVE) => world.begin(requestWith(settings), live);
const asked = () => world.asked('soak');

// First in the file: this server skips no time while an activity that was left behind by another test still runs.
describe('the clock', () => {
  it('gives a soak three times its length to find evidence, or what is configured', async () => {
    await (await begin({ canary: { steps: [{ weight: 10, soak: '24h' }] }, deadline: '5d' })).result();
    expect(asked()[0]).toMatchObject({ soak: 86_400_000, longest: 3 * 86_400_000 });
    world.reset();
    await (await begin({ canary: { steps: [{ weight: 10, soak: '1m' }], longestSoak: '90s' } })).result();
    expect(asked()[0]).toMatchObject({ soak: 60_000, longest: 90_000 });
  });

  it('rolls back a manual step that nobody promotes in time', async () => {
    world.reset({ soak: patient });
    const settings = { ...manual, approve: { timeout: '300ms' } };
    const { status } = await (await begin(settings)).result();
    expect(status).toMatchObject({
      outcome: 'rolled back',
      why: 'nobody promoted the step at 10 % within 300 ms',
    });
  });
});

describe('a manual step', () => {
  const waiting = async () => {
    world.reset({ soak: patient });
    const handle = await begin(manual);
    const status = await world.until(handle, ({ waitingFor }) => waitingFor?.includes('is manual') ?? false);
    expect(status.waitingFor).toBe('promote or reject: the step at 10 % is manual; within 1 d');
    return handle;
  };
  const ended = async (handle: Awaited<ReturnType<typeof begin>>) => (await handle.result()).status;

  it('goes on when somebody promotes it, judging meanwhile with all that was known [proves D3]', async () => {
    const handle = await waiting();
    expect(await world.tell(handle, 'approve')).toMatch(/promote goes on/);
    expect(await world.tell(handle, 'promote', { who: 'carol', why: 'looks good' })).toBeUndefined();
    const { outcome, judged: steps } = await ended(handle);
    expect(outcome).toBe('released');
    const [first, second] = asked();
    expect(second).toMatchObject({ name: 'canary-10', soak: null, baseline: first!.baseline, carried: { times: 1 } });
    expect(steps![0]!.judgement.reason).toBe('promoted by carol: looks good');
  });

  it.each([
    ['reject', 'reject by alice: test'],
    ['abort', 'abort by alice: test'],
  ] as const)('is rolled back by %s', async (name, why) => {
    const handle = await waiting();
    expect(await world.tell(handle, name)).toBeUndefined();
    expect(await ended(handle)).toMatchObject({ outcome: 'rolled back', why });
  });

  it('is rolled back by a bad judgement while people think', async () => {
    world.reset({ soak: (input) => (input.soak === null ? judged('fail', 'errors web: worse') : seen(input)) });
    const { status } = await (await begin(manual)).result();
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'errors web: worse' });
  });

  it('that was promoted during its soak asks nobody again', async () => {
    world.reset({ soak: untilEnded });
    const handle = await begin(manual);
    await world.until(handle, ({ share }) => share === 10);
    expect(await world.tell(handle, 'promote')).toBeUndefined();
    expect((await ended(handle)).outcome).toBe('released');
    expect(asked()).toHaveLength(1);
  });

  it('that was inconclusive and promoted asks nobody again', async () => {
    const inconclusive = (input: SoakInput) => seen(input, judged('inconclusive', 'too few'));
    world.reset({ soak: (input) => (input.soak === null ? untilEnded(input) : inconclusive(input)) });
    const handle = await begin(manual);
    await world.until(handle, ({ waitingFor }) => waitingFor?.includes('inconclusive') ?? false);
    await world.tell(handle, 'promote');
    expect((await ended(handle)).outcome).toBe('released');
    expect(asked()).toHaveLength(2);
  });
});

describe('a soak that grows old', () => {
  const young = 2 * 60_000;
  const long = { canary: { steps: [{ weight: 10, soak: '24h' }] }, deadline: '5d' };
  const handingOver = (input: SoakInput) => (input.handOver === undefined ? patient(input) : handedOver(input));
  const handedOver = (input: SoakInput) => ({ ...seen(input), interrupted: true });

  it('is handed over to activities that beat more rarely, with all that was seen [proves beats]', async () => {
    world.reset({ soak: handingOver });
    const { status } = await (await begin(long)).result();
    expect(status.outcome).toBe('released');
    const times = ({ carried }: SoakInput) => (carried as { times?: number } | null)?.times;
    expect(asked().map((input) => [input.handOver, times(input)])).toEqual([
      [young, undefined],
      [8 * 60_000, 1],
      [undefined, 2],
    ]);
    expect(new Set(asked().map(({ baseline }) => JSON.stringify(baseline))).size).toBe(1);
  });

  it('is not over when it is handed over, and what it lasted counts [proves beats]', async () => {
    world.reset({ soak: handingOver });
    await (await begin(long)).result();
    for (const { soak, spent, longest } of asked()) {
      expect(soak! + spent!).toBe(86_400_000);
      expect(longest! + spent!).toBe(3 * 86_400_000);
    }
  });

  it('beats four times in every time-out, the rarer the older it is [proves beats]', async () => {
    world.reset({ soak: handingOver });
    const handle = await begin(long);
    await handle.result();
    const { events } = await handle.fetchHistory();
    const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: one }) =>
      one?.activityType?.name === 'soak' ? [Number(one.heartbeatTimeout?.seconds)] : [],
    );
    expect(scheduled).toEqual([3, 8, 20]);
  });

  it('answers as soon as a young one from a pause on, since somebody attends to it [proves beats]', async () => {
    let handed = 0;
    world.reset({ soak: (input) => (input.soak !== null && handed++ === 0 ? handedOver(input) : untilEnded(input)) });
    const handle = await begin(long);
    await world.until(handle, () => asked().length === 2);
    expect(asked()[1]?.handOver).toBe(8 * 60_000);
    await world.tell(handle, 'pause');
    await world.until(handle, () => asked().length === 3);
    expect(asked()[2]).toMatchObject({ soak: null, handOver: young });
    await world.tell(handle, 'abort');
    expect((await handle.result()).status.outcome).toBe('rolled back');
  });

  it('stays young when a pause and a resume come between two beats [proves beats]', async () => {
    let learn = (): void => undefined;
    const learned = new Promise<void>((resolve) => (learn = resolve));
    const between = (input: SoakInput) => learned.then(() => ({ ...seen(input), interrupted: true }));
    world.reset({ soak: (input) => (asked().length === 1 ? between(input) : untilEnded(input)) });
    const handle = await begin(long);
    await world.until(handle, ({ share }) => share === 10);
    await world.tell(handle, 'pause');
    await world.tell(handle, 'resume');
    learn();
    await world.until(handle, () => asked().length === 2);
    expect(asked()[1]).toMatchObject({ handOver: young });
    await world.tell(handle, 'abort');
    expect((await handle.result()).status.outcome).toBe('rolled back');
  });
});

describe('what was seen', () => {
  it('is carried through a pause, on the same step and from the same counters', async () => {
    world.reset({ soak: (input) => (input.carried === null || input.soak === null ? untilEnded(input) : seen(input)) });
    const handle = await begin({ canary: { steps: [{ weight: 10, soak: '1h' }] } });
    await world.until(handle, ({ share }) => share === 10);
    await world.tell(handle, 'pause');
    await world.until(handle, ({ judged: steps }) => steps !== undefined);
    await world.tell(handle, 'resume');
    await handle.result();
    expect(asked().map(({ carried }) => (carried as { times?: number } | null)?.times)).toEqual([undefined, 1, 2]);
    expect(new Set(asked().map(({ baseline }) => JSON.stringify(baseline))).size).toBe(1);
    const [, paused, resumed] = asked();
    expect(paused).toMatchObject({ soak: null, longest: null });
    expect(resumed!.longest! - resumed!.soak!).toBe(2 * 3_600_000);
  });

  it('goes on from step to step as limits over time do; tests begin anew', async () => {
    world.reset({ soak: patient });
    await (await begin({ bake: { soak: '1m' } })).result();
    expect(asked().map(({ name, carried }) => [name, carried?.name])).toEqual([
      ['canary-10', undefined],
      ['canary-50', 'canary-10'],
      ['bake', 'canary-50'],
    ]);
    expect(asked()[1]?.carried).toMatchObject({ triggers: [{ held: 7 }], series: {} });
  });

  it('of the live version before the switch is what baking is compared with', async () => {
    world.reset({ soak: patient });
    await (await begin({ bake: { soak: '1m' } })).result();
    expect(asked().map(({ beside, recorded }) => [beside?.version, recorded])).toEqual([
      ['1.0.0', null],
      ['1.0.0', null],
      [undefined, counted(900)],
    ]);
  });

  it('is not compared in the first release, which has no live version', async () => {
    world.reset({ soak: patient });
    await (await begin({ bake: { soak: '1m' } }, null)).result();
    expect(asked()).toMatchObject([{ name: 'bake', beside: null, recorded: null }]);
  });

  it('is compared while people approve, and promote is not their answer', async () => {
    world.reset({ soak: patient });
    const handle = await begin({ approve: { required: true } });
    await world.until(handle, ({ waitingFor }) => waitingFor?.startsWith('approval') ?? false);
    expect(await world.tell(handle, 'promote')).toMatch(/waits for approval/);
    await world.tell(handle, 'approve');
    expect((await handle.result()).status.outcome).toBe('released');
    expect(asked().at(-1)).toMatchObject({ name: 'approve', share: 50, beside: { version: '1.0.0' } });
  });
});

describe('verdicts', () => {
  const judgedOf = async (
    settings = {},
  ): Promise<{ steps: JudgedStep[]; entry: LedgerEntry; result: ReleaseResult }> => {
    const result = await (await begin(settings)).result();
    const { entry } = world.asked('recordEntry')[0]!;
    return { steps: result.status.judged ?? [], entry, result };
  };

  it('of every step with their numbers and pictures stand in status and ledger', async () => {
    world.reset({ soak: patient });
    const { steps, entry, result } = await judgedOf();
    expect(steps.map(({ name, share, requests }) => [name, share, requests])).toEqual([
      ['canary-10', 10, 1_000],
      ['canary-50', 50, 1_000],
    ]);
    expect(steps[0]!.judgement).toEqual({ verdict: 'pass', reason: 'all is well', metrics: [METRIC] });
    expect(steps[0]!.picture).toMatch(/\/canary-10\.svg$/);
    expect(entry.judged).toEqual(steps);
    expect(result.status.judgement?.metrics).toEqual([METRIC]);
  });

  it('that judged nothing let the release go on, and are told as such in phases, status and ledger', async () => {
    world.reset({ soak: () => judged('not judged', 'no limits configured'), smoke: () => ({ checks: [] }) });
    const { entry, result } = await judgedOf({ canary: { steps: [] }, bake: { soak: '1s' } });
    expect(result.status.outcome).toBe('released');
    const judgement = { verdict: 'not judged', reason: 'no limits configured' };
    expect(result.status.judged).toMatchObject([{ name: 'bake', judgement }]);
    expect(entry.judged).toMatchObject([{ name: 'bake', judgement }]);
    const detail = (name: string) => entry.phases.find(({ phase }) => phase === name)?.detail;
    expect(detail('bake')).toBe('not judged: no limits configured');
    expect(detail('smoke')).toBe('nothing was tried: no check is configured');
    expect(detail('verify')).toBe('nothing was tried: no check is configured');
  });

  it('that judged nothing stay so when somebody promotes the version', async () => {
    const report = judged('not judged', 'no limits configured');
    const waits = async () => {
      await beatUntilCancelled();
      return { ...report, interrupted: true };
    };
    world.reset({ soak: (input: SoakInput) => (input.soak === null ? waits() : report) });
    const handle = await begin(manual);
    await world.until(handle, ({ waitingFor }) => waitingFor?.includes('is manual') ?? false);
    await world.tell(handle, 'promote', { who: 'carol', why: 'looks good' });
    const { status } = await handle.result();
    expect(status.outcome).toBe('released');
    expect(status.judged?.[0]?.judgement).toMatchObject({
      verdict: 'not judged',
      reason: 'promoted by carol: looks good',
    });
  });

  it('of a failure are remembered, and the ledger stays small whatever was measured', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({
      ...METRIC,
      name: `metric ${index}`,
      label: index === 150 ? ('high' as const) : METRIC.label,
      reason: 'x'.repeat(5_000),
    }));
    const report = judged('fail', 'y'.repeat(5_000));
    world.reset({ soak: () => ({ ...report, judgement: { ...report.judgement, metrics: many } }) });
    const { entry } = await judgedOf();
    expect(entry.judged![0]!.judgement.metrics![0]).toMatchObject({ name: 'metric 150', label: 'high' });
    expect(JSON.stringify(entry.judged).length).toBeLessThan(4_000);
  });
});
