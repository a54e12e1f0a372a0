import type { Activities } from '../../activities/steps';
import type { PinnedImage, ReleaseResult } from '../../domain/release';
import type { plan as planWorkflow } from '../../workflows/plan';
import { failing, judged } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld, TASK_QUEUE } from '../support/release-world';

let world: ReleaseWorld;
beforeAll(async () => {
  world = await ReleaseWorld.start();
}, 300_000);
afterAll(async () => world.stop());
beforeEach(() => world.reset());

async function released(settings = {}, live: typeof LIVE | null = LIVE, rest = {}): Promise<ReleaseResult> {
  return (await world.begin(requestWith(settings, rest), live)).result();
}

const liveOnly = {
  services: {
    web: { image: 'fx-web', port: 8080, routes: [{ port: 80 }] },
    queue: { image: 'fx-queue', traffic: 'none', run: 'live-only' },
  },
};

// First in the file: this server skips no time while an activity that was left behind by another test still runs.
describe('the clock', () => {
  it('soaks for a day with a handful of events', async () => {
    const handle = await world.begin(requestWith({ canary: { steps: [{ weight: 10, soak: '24h' }] } }), LIVE);
    const { status } = await handle.result();
    expect(status.outcome).toBe('released');
    expect(world.asked('soak')[0]?.soak).toBe(86_400_000);
    const { history } = await handle.fetchHistory().then((events) => ({ history: events.events ?? [] }));
    expect(history.length).toBeLessThan(200);
  });

  it('rejects when nobody approves in time', async () => {
    const { status } = await released({ approve: { required: true, timeout: '300ms' }, canary: { steps: [] } }, null);
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'nobody approved within 300 ms' });
  });

  it('rolls back a release that takes longer than its deadline', async () => {
    const { status } = await released(
      { approve: { required: true, timeout: '48h' }, canary: { steps: [] }, deadline: '1s' },
      null,
    );
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'not done within 1 s, its deadline' });
  });
});

describe('a release of pinned images', () => {
  const images: PinnedImage[] = [
    { service: 'web', reference: 'fx-web:1.1.0', digest: 'sha256:ab', size: 1, from: 'engine' },
  ];

  it('checks and brings just these, and remembers them', async () => {
    world.reset({ buildImages: (input) => ({ images: input.images, identity: 'pinned', tags: [] }) });
    const { status, live } = await released({ canary: { steps: [] } }, LIVE, { images });
    expect(status.outcome).toBe('released');
    expect(world.asked('preflight')).toMatchObject([{ images }]);
    expect(world.asked('buildImages')).toMatchObject([{ images }]);
    expect(world.asked('deploySlot')).toMatchObject([{ images }]);
    expect(live?.images).toEqual(images);
  });

  it('says so in its plan', async () => {
    const plan = await world.client.workflow.execute<typeof planWorkflow>('plan', {
      workflowId: 'plan-of-pinned',
      taskQueue: TASK_QUEUE,
      args: [requestWith({}, { images })],
    });
    expect(plan.steps.find(({ phase }) => phase === 'build')).toMatchObject({
      does: 'images are pinned: find or pull web by digest',
      undo: 'remove the images that were pulled',
    });
    expect(world.asked('preflight')).toMatchObject([{ images, fence: false }]);
  });
});

describe('a release in which all is well', () => {
  it('runs the phases in order and ends released, with the new version live', async () => {
    const { status, live } = await released({ bake: { soak: '1m' }, approve: { required: false } });
    expect(status.outcome).toBe('released');
    expect(world.ran()).toEqual([
      ...['preflight', 'buildImages', 'backUp', 'applyMigrations', 'smoke', 'deploySlot', 'smoke'],
      ...[
        'setTraffic',
        'soak',
        'setTraffic',
        'soak',
        'setTraffic',
        'smoke',
        'setTraffic',
        'soak',
        'drainSlot',
        'retire',
      ],
    ]);
    expect(world.asked('setTraffic').map(({ slot, share }) => `${slot} ${share}`)).toEqual([
      'green 10',
      'green 50',
      'green 100',
      'green 100',
    ]);
    expect(live).toMatchObject({ slot: 'green', version: '1.1.0' });
    expect(world.asked('drainSlot')[0]?.slot).toBe('blue');
    expect(world.asked('retire')[0]?.slot).toBe('blue');
  });

  it('skips canary and drain when it is the first of its environment, and goes to blue', async () => {
    const { status, live } = await released({}, null);
    expect(status.outcome).toBe('released');
    expect(live?.slot).toBe('blue');
    expect(world.ran()).not.toContain('drainSlot');
    expect(world.asked('setTraffic').map(({ slot, share }) => `${slot} ${share}`)).toEqual(['blue 100']);
  });

  it('moves live-only services only after the traffic', async () => {
    await released({ ...liveOnly, canary: { steps: [] } });
    const ran = world.ran();
    expect(ran.indexOf('moveLiveOnly')).toBeGreaterThan(ran.indexOf('setTraffic'));
    expect(world.asked('moveLiveOnly').map(({ to }) => to)).toEqual(['green']);
  });

  it('changes nothing when the same identity is live already', async () => {
    world.reset({ buildImages: () => ({ images: [], identity: LIVE.identity, tags: [] }) });
    const { status, live } = await released();
    expect(status.outcome).toBe('unchanged');
    expect(live).toEqual(LIVE);
    expect(world.ran()).toEqual(['preflight', 'buildImages', 'restoreImages']);
  });

  it('deploys nothing when asked to test only', async () => {
    const { options } = requestWith();
    const { status } = await released({}, LIVE, { options: { ...options, testOnly: true } });
    expect(status.outcome).toBe('unchanged');
    expect(world.ran()).toEqual(['preflight', 'buildImages', 'restoreImages']);
  });
});

describe('a failure in any phase', () => {
  const MIGRATED = ['revertMigrations', 'restoreImages'];
  const DEPLOYED = ['removeSlot', ...MIGRATED];
  const SHIFTED = ['setTraffic', ...DEPLOYED];
  const fails = failing('boom');
  const second = (act: () => unknown, well: unknown, at: number): (() => unknown) => {
    let count = 0;
    return () => (++count === at ? act() : well);
  };
  const passed = { checks: [] };
  const cases: [string, Partial<Record<keyof Activities, (input: never) => unknown>>, string[]][] = [
    ['preflight', { preflight: fails }, []],
    ['build', { buildImages: fails }, ['restoreImages']],
    ['backup', { backUp: fails }, ['restoreImages']],
    ['migrate', { applyMigrations: fails }, MIGRATED],
    ['the old version on the migrated schema', { smoke: second(fails, passed, 1) }, MIGRATED],
    ['deploy', { deploySlot: fails }, DEPLOYED],
    ['smoke', { smoke: second(fails, passed, 2) }, DEPLOYED],
    ['the first share', { setTraffic: second(fails, { share: 100, counters: null }, 1) }, SHIFTED],
    ['a judgement', { soak: () => judged('fail', 'error rate 20 % > 5 %') }, SHIFTED],
    ['the judgement itself', { soak: fails }, SHIFTED],
    ['switch', { setTraffic: second(fails, { share: 100, counters: null }, 3) }, SHIFTED],
    ['verify', { smoke: second(fails, passed, 3) }, SHIFTED],
    ['bake', { soak: second(() => judged('fail', 'p95 2 s > 1 s'), judged('pass', ''), 3) }, SHIFTED],
  ];

  it.each(cases)('in %s undoes exactly what was begun, newest first', async (_phase, answers, undone) => {
    world.reset(answers as never);
    const { status, live } = await released({ bake: { soak: '1m' } });
    expect(status.outcome).toBe(undone.length === 0 ? 'refused' : 'rolled back');
    expect(status.why).toMatch(/boom|error rate|p95/);
    expect(live).toEqual(LIVE);
    const ran = world.ran();
    expect(undone.length === 0 ? [] : ran.slice(-undone.length)).toEqual(undone);
    expect(ran.filter((name) => ['restoreImages', 'removeSlot', 'revertMigrations'].includes(name))).toHaveLength(
      undone.filter((name) => name !== 'setTraffic').length,
    );
    if (undone.includes('setTraffic'))
      expect(world.asked('setTraffic').at(-1)).toMatchObject({ slot: 'blue', share: 100 });
  });

  it('in preflight lists every check that failed', async () => {
    const bad = (name: string) => ({ name, ok: false, detail: `expected ${name}` });
    world.reset({
      preflight: ({ live }) => ({ checks: [bad('disk'), bad('port')], slot: 'green', live, pendingMigrations: [] }),
    });
    const { status } = await released();
    expect(status.outcome).toBe('refused');
    expect(status.why).toBe('disk: expected disk\nport: expected port');
  });

  it('in preflight is not what a check only warns of, which stands beside the number of checks [proves 6]', async () => {
    const warns = { name: 'data', ok: true, warning: true, detail: 'a stays behind\nb goes' };
    const checks = [{ name: 'engine', ok: true, detail: 'answers' }, warns];
    world.reset({ preflight: ({ live }) => ({ checks, slot: 'green', live, pendingMigrations: [] }) });
    const { status } = await released();
    expect(status.outcome).toBe('released');
    expect(status.phases[0]!.detail).toBe('2 checks passed; data: a stays behind; data: b goes');
    const many = { ...warns, detail: Array.from({ length: 8 }, (_, index) => `warning ${index}`).join('\n') };
    world.reset({ preflight: ({ live }) => ({ checks: [many], slot: 'green', live, pendingMigrations: [] }) });
    const { detail } = (await released()).status.phases[0]!;
    expect(detail).toContain('data: warning 4; 3 more, which `spillway plan` tells');
  });

  it('in preflight says when nothing but an answer was missing, and does not wait for the ledger then', async () => {
    const silent = { name: 'engine', ok: false, detail: 'expected an engine', unreachable: true };
    const preflight = (checks: object[]) => ({
      preflight: ({ live }: { live: unknown }) => ({ checks, slot: 'green', live, pendingMigrations: [] }),
    });
    world.reset({ ...preflight([silent]), recordEntry: () => Promise.reject(new Error('no engine')) });
    const { status } = await released();
    expect(status).toMatchObject({ outcome: 'refused', unreachable: true });
    expect(status.endedAt! - status.startedAt).toBeLessThan(60_000);
    world.reset(preflight([silent, { name: 'port', ok: false, detail: 'expected it free' }]));
    expect((await released()).status.unreachable).toBeUndefined();
  });

  it.each(['drainSlot', 'retire', 'recordEntry'] as const)(
    'in %s, past the point of no return, is a leftover of a release',
    async (name) => {
      world.reset({ [name]: fails });
      const { status, live } = await released();
      expect(status.outcome).toBe('released');
      expect(live?.version).toBe('1.1.0');
      expect(status.leftovers.join()).toContain('boom');
      expect(world.ran()).not.toContain('removeSlot');
    },
  );

  it.each([
    [{ left: 2, waited: 30_000 }, '2 still in flight after 30 s, the cap'],
    [{ left: null, waited: 30_000 }, 'went on after 30 s, the cap: the router does not know what is in flight'],
  ])('says how a drain ended that was not empty: %j', async (drained, expected) => {
    world.reset({ drainSlot: () => drained });
    const { status } = await released();
    expect(status.phases.find(({ phase }) => phase === 'drain')?.detail).toBe(expected);
  });

  it('keeps the failed slot when asked to, but not its traffic [proves R6]', async () => {
    world.reset({ soak: () => judged('fail', 'too many errors') });
    const { options } = requestWith();
    const { status } = await released({}, LIVE, { options: { ...options, noRollback: true } });
    expect(status.outcome).toBe('rolled back');
    expect(world.ran().at(-1)).toBe('setTraffic');
    expect(world.ran()).not.toContain('removeSlot');
    expect(status.leftovers.join()).toContain('1.1.0 stays in green for inspection');
  });

  it('brings live-only services back after the traffic', async () => {
    let smokes = 0;
    world.reset({ smoke: () => (++smokes === 3 ? failing('verify failed')() : { checks: [] }) });
    await released({ ...liveOnly, canary: { steps: [] } });
    expect(world.ran().slice(-5)).toEqual([
      'setTraffic',
      'moveLiveOnly',
      'removeSlot',
      'revertMigrations',
      'restoreImages',
    ]);
    expect(world.asked('moveLiveOnly').map(({ to }) => to)).toEqual(['green', 'blue']);
  });

  it('that is a mistake in workflow code parks the release instead of undoing it', async () => {
    world.reset({ preflight: () => null });
    const handle = await world.begin(requestWith(), LIVE);
    await world.until(handle, ({ phases }) => phases.length > 0).catch(() => undefined);
    const { raw } = await handle.describe();
    expect(raw.workflowExecutionInfo?.status).toBe(1);
    expect(world.ran()).not.toContain('restoreImages');
    await handle.terminate();
  });
});

describe('an undo that fails', () => {
  const undos = ['setTraffic', 'removeSlot', 'revertMigrations', 'restoreImages'] as const;

  /** Fails every undo of this name until told otherwise, after a canary that was judged bad. */
  function brokenUndo(name: (typeof undos)[number]): { mend: () => void } {
    let broken = true;
    const undo = name === 'setTraffic' ? ({ slot }: { slot: string }) => slot === 'blue' : () => true;
    world.reset({
      soak: () => judged('fail', 'too many errors'),
      [name]: (input: never) => {
        if (broken && undo(input)) return failing(`cannot ${name}`)();
        return name === 'setTraffic' ? { share: 100, counters: null } : undefined;
      },
    });
    return { mend: () => (broken = false) };
  }

  it.each(undos)('%s needs a hand, holds back the undos below it, and goes on after retry', async (name) => {
    const { mend } = brokenUndo(name);
    const handle = await world.begin(requestWith(), LIVE);
    const status = await world.until(handle, ({ state }) => state === 'needs a hand');
    expect(status.undos.find(({ state }) => state === 'failed')?.failure).toBe(`cannot ${name}`);
    const below = undos.slice(undos.indexOf(name) + 1);
    for (const later of below) expect(world.ran()).not.toContain(later);
    expect(await world.tell(handle, 'abort')).toMatch(/needs a hand/);
    mend();
    expect(await world.tell(handle, 'retry')).toBeUndefined();
    expect((await handle.result()).status.outcome).toBe('rolled back');
    for (const later of below) expect(world.ran()).toContain(later);
  });

  it.each(undos)('%s that a person did by hand ends resolved by hand, with the rest undone', async (name) => {
    brokenUndo(name);
    const handle = await world.begin(requestWith(), LIVE);
    await world.until(handle, ({ state }) => state === 'needs a hand');
    expect(await world.tell(handle, 'resolved')).toBeUndefined();
    expect((await handle.result()).status.outcome).toBe('resolved by hand');
    for (const later of undos.slice(undos.indexOf(name) + 1)) expect(world.ran()).toContain(later);
  });
});
