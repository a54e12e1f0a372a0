import { MESSAGES } from '../../domain/messages';
import type { ReleaseResult } from '../../domain/release';
import { beatUntilCancelled, Door, judged } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';
import { until } from '../support/until';

let world: ReleaseWorld;
beforeAll(async () => {
  world = await ReleaseWorld.start();
}, 300_000);
afterAll(async () => world.stop());
beforeEach(() => world.reset());

async function released(settings = {}): Promise<ReleaseResult> {
  return (await world.begin(requestWith(settings), LIVE)).result();
}

describe('people', () => {
  it('abort a release in any phase that can be undone, after its step has ended', async () => {
    for (const name of ['buildImages', 'backUp', 'applyMigrations', 'deploySlot', 'smoke', 'setTraffic'] as const) {
      const door = new Door();
      world.reset({
        [name]: (input: { slot?: string }) =>
          input.slot === 'blue' && name === 'setTraffic' ? { share: 100 } : door.wait(),
      });
      const handle = await world.begin(requestWith(), LIVE);
      await door.entered;
      expect(await world.tell(handle, 'abort', { who: 'bob', why: 'wrong day' })).toBeUndefined();
      const { status } = await handle.result();
      expect(status).toMatchObject({ outcome: 'rolled back', why: 'abort by bob: wrong day' });
    }
  }, 300_000);

  it('abort a soak that does not end by itself', async () => {
    world.reset({ soak: beatUntilCancelled });
    const handle = await world.begin(requestWith(), LIVE);
    await world.until(handle, ({ share }) => share === 10);
    await world.tell(handle, 'abort');
    expect((await handle.result()).status.outcome).toBe('rolled back');
  });

  it('cancel a release in Temporal, which is an abort', async () => {
    const door = new Door();
    world.reset({ deploySlot: () => door.wait() });
    const handle = await world.begin(requestWith(), LIVE);
    await door.entered;
    await handle.cancel();
    const { status } = await handle.result();
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'cancelled in Temporal' });
    expect(world.ran()).toContain('removeSlot');
  });

  it('approve, and the approval is kept with who and why', async () => {
    const handle = await world.begin(requestWith({ approve: { required: true, by: ['alice'] } }), LIVE);
    const status = await world.until(handle, ({ waitingFor }) => waitingFor?.startsWith('approval') ?? false);
    expect(status.waitingFor).toContain('by alice');
    expect(await world.tell(handle, 'approve', { who: 'mallory', why: '' })).toMatch(/mallory may not approve/);
    expect(await world.tell(handle, 'approve', { who: 'alice', why: 'looks good' })).toBeUndefined();
    const result = await handle.result();
    expect(result.status.outcome).toBe('released');
    expect(result.status.phases.find(({ phase }) => phase === 'approve')?.detail).toBe('approved by alice: looks good');
    expect(result.status.approvals).toEqual([{ who: 'alice', why: 'looks good', at: expect.any(Number) as number }]);
  });

  it('see in the Web UI what each message does, and what soaks and timers wait for [proves ui]', async () => {
    world.reset({ soak: (input) => (input.soak === null ? pausedSoak() : judged('pass', 'ok')) });
    const handle = await world.begin(requestWith({ approve: { required: true } }), LIVE);
    await world.until(handle, ({ waitingFor }) => waitingFor?.startsWith('approval') ?? false);
    const { definition } = await handle.query<Metadata>('__temporal_workflow_metadata');
    for (const told of [definition.signalDefinitions, definition.updateDefinitions]) {
      expect(told.map(({ name }) => name).sort()).toEqual([...MESSAGES].sort());
      expect(told.filter(({ description }) => !description?.endsWith('a text (the reason), or nothing.'))).toEqual([]);
    }
    const { events } = await handle.fetchHistory();
    const untold = (events ?? []).filter(
      ({ timerStartedEventAttributes, activityTaskScheduledEventAttributes, userMetadata }) =>
        (timerStartedEventAttributes ?? activityTaskScheduledEventAttributes) && !userMetadata?.summary,
    );
    expect(untold).toEqual([]);
    const summaries = (events ?? []).map(({ userMetadata }) => String(userMetadata?.summary?.data ?? ''));
    expect(summaries).toEqual(
      expect.arrayContaining(['"soak at 10 % for 1 min"', '"deadline: stops the release after 1 d"']),
    );
    await world.tell(handle, 'approve');
    expect((await handle.result()).status.outcome).toBe('released');
  });

  it('reject, and everything is put back', async () => {
    const handle = await world.begin(requestWith({ approve: { required: true } }), LIVE);
    await world.until(handle, ({ waitingFor }) => waitingFor?.startsWith('approval') ?? false);
    expect(await world.tell(handle, 'reject')).toBeUndefined();
    expect((await handle.result()).status.outcome).toBe('rolled back');
  });

  it('who are asked are overtaken by a bad judgement', async () => {
    let soaks = 0;
    world.reset({ soak: () => judged(++soaks === 3 ? 'fail' : 'pass', 'errors') });
    const { status } = await released({ approve: { required: true } });
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'errors' });
  });

  it('pause and resume a soak, which goes on with the time that was left', async () => {
    world.reset({
      soak: (input) => (input.soak === null || world.asked('soak').length === 1 ? pausedSoak() : judged('pass', 'ok')),
    });
    const handle = await world.begin(requestWith({ canary: { steps: [{ weight: 10, soak: '1h' }] } }), LIVE);
    await world.until(handle, ({ share }) => share === 10);
    expect(await world.tell(handle, 'pause')).toBeUndefined();
    expect(await world.tell(handle, 'pause')).toMatch(/paused already/);
    await world.until(handle, ({ state }) => state === 'paused');
    await until(() => world.asked('soak').length === 2);
    expect(world.asked('soak')[1]?.soak).toBeNull();
    expect(await world.tell(handle, 'resume')).toBeUndefined();
    expect((await handle.result()).status.outcome).toBe('released');
    const left = world.asked('soak')[2]?.soak ?? 0;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(3_600_000);
    // What is left counts from the resume, not from the first share.
    const [first, , third] = world.asked('soak');
    expect(third?.startedAt).toBeGreaterThan(first?.startedAt ?? Infinity);
  });

  it('pause at the very end of a soak, and no traffic moves until they resume', async () => {
    world.reset({
      soak: async ({ soak }) => {
        if (soak === null) return pausedSoak();
        if (world.asked('soak').length === 1) await beatUntilCancelled();
        return judged('pass', 'ok');
      },
    });
    const steps = [10, 50].map((weight) => ({ weight, soak: '1h' }));
    const handle = await world.begin(requestWith({ canary: { steps } }), LIVE);
    await world.until(handle, ({ share }) => share === 10);
    await world.tell(handle, 'pause');
    await until(() => world.asked('soak').length === 2);
    expect(world.asked('soak')[1]).toMatchObject({ share: 10, soak: null });
    expect(world.asked('setTraffic').map(({ share }) => share)).toEqual([10]);
    await world.tell(handle, 'resume');
    expect((await handle.result()).status.outcome).toBe('released');
    expect(world.asked('soak').map(({ share }) => share)).toEqual([10, 10, 10, 50]);
  });

  it('promote a soak, whose rest is skipped', async () => {
    world.reset({ soak: () => pausedSoak() });
    const handle = await world.begin(requestWith({ canary: { steps: [{ weight: 10, soak: '1h' }] } }), LIVE);
    await world.until(handle, ({ share }) => share === 10);
    expect(await world.tell(handle, 'promote', { who: 'carol', why: 'enough seen' })).toBeUndefined();
    const { status } = await handle.result();
    expect(status.outcome).toBe('released');
    expect(status.judgement?.reason).toBe('promoted by carol: enough seen');
  });

  it('roll back in bake, and only there', async () => {
    world.reset({ soak: ({ share }) => (share === 100 ? pausedSoak() : judged('pass', 'ok')) });
    const handle = await world.begin(requestWith({ bake: { soak: '1h' } }), LIVE);
    await world.until(handle, ({ phase }) => phase === 'bake');
    expect(await world.tell(handle, 'rollback')).toBeUndefined();
    expect((await handle.result()).status.outcome).toBe('rolled back');
  });

  it('are refused once the old version drains', async () => {
    const door = new Door();
    world.reset({ drainSlot: async () => (await door.wait(), { left: 0, waited: 1 }) });
    const handle = await world.begin(requestWith(), LIVE);
    await door.entered;
    expect(await world.tell(handle, 'abort')).toMatch(/point of no return/);
    await handle.signal('abort', 'too late');
    door.unlock();
    const { status } = await handle.result();
    expect(status.outcome).toBe('released');
    expect(status.messages.map(({ refused }) => refused)).toEqual([expect.stringMatching(/point of no return/)]);
  });

  it('may send a signal with rubbish, which is read as well as it can be and never hurts', async () => {
    const door = new Door();
    world.reset({ deploySlot: () => door.wait() });
    const handle = await world.begin(requestWith(), LIVE);
    await door.entered;
    for (const name of MESSAGES.filter((name) => name !== 'abort' && name !== 'pause')) {
      for (const rubbish of [undefined, null, 7, 'text', { who: 5 }, [1]]) await handle.signal(name, rubbish);
    }
    await handle.signal('abort', 'typed in the Web UI');
    const { status } = await handle.result();
    expect(status.why).toBe('abort by somebody: typed in the Web UI');
    expect(status.messages.filter(({ refused }) => refused !== undefined)).toHaveLength(42);
  });

  it('are told when nobody decided about an inconclusive canary', async () => {
    world.reset({
      soak: (input) => (input.soak === null ? pausedSoak() : judged('inconclusive', '3 requests seen, 20 needed')),
    });
    const { status } = await released({ canary: { steps: [{ weight: 10, soak: '1m' }], holdTimeout: '300ms' } });
    expect(status.outcome).toBe('rolled back');
    expect(status.why).toContain('still inconclusive');
  });

  it('promote an inconclusive canary', async () => {
    world.reset({
      soak: (input) => (input.soak === null ? pausedSoak() : judged('inconclusive', '3 requests seen, 20 needed')),
    });
    const handle = await world.begin(requestWith({ canary: { steps: [{ weight: 10, soak: '1m' }] } }), LIVE);
    await world.until(handle, ({ waitingFor }) => waitingFor?.includes('inconclusive') ?? false);
    expect(await world.tell(handle, 'approve')).toMatch(/promote goes on/);
    expect(await world.tell(handle, 'promote')).toBeUndefined();
    expect((await handle.result()).status.outcome).toBe('released');
  });

  it.each([
    ['fail', 'rolled back'],
    ['continue', 'released'],
  ] as const)('need not be asked: inconclusive %s ends %s', async (inconclusive, outcome) => {
    world.reset({ soak: () => judged('inconclusive', '3 requests seen, 20 needed') });
    const { status } = await released({ canary: { steps: [{ weight: 10, soak: '1m' }], inconclusive } });
    expect(status.outcome).toBe(outcome);
  });
});

async function pausedSoak() {
  await beatUntilCancelled();
  return { ...judged('pass', 'nothing bad so far'), interrupted: true };
}

type Told = { name: string; description?: string }[];
interface Metadata {
  definition: { signalDefinitions: Told; updateDefinitions: Told };
}
