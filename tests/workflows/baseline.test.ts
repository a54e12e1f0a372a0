import { Door, failing, judged } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';

let world: ReleaseWorld;
beforeAll(async () => {
  world = await ReleaseWorld.start();
}, 300_000);
afterAll(async () => world.stop());
beforeEach(() => world.reset());

const settings = {
  canary: {
    baseline: 'fresh',
    steps: [
      { weight: 10, soak: '1m' },
      { weight: 50, soak: '1m' },
    ],
  },
  services: {
    web: { image: 'fx-web', port: 8080, routes: [{ port: 80 }] },
    queue: { image: 'fx-queue', traffic: 'none', run: 'live-only' },
  },
};
const begin = (more = {}, live: typeof LIVE | null = LIVE, rest = {}) =>
  world.begin(requestWith({ ...settings, ...more }, rest), live);
const UNDONE = ['setTraffic', 'moveLiveOnly', 'removeBaseline', 'removeSlot', 'revertMigrations', 'restoreImages'];
const bad = { soak: () => judged('fail', 'too many errors') };

describe('a fresh baseline', () => {
  it('is made before the first share, stays through all of them, and goes with the old slot', async () => {
    const { status } = await (await begin({ approve: { required: false }, bake: { soak: '1m' } })).result();
    expect(status.outcome).toBe('released');
    const ran = world.ran();
    expect(ran.filter((name) => name === 'deployBaseline')).toHaveLength(1);
    expect(ran.indexOf('deployBaseline')).toBe(ran.indexOf('setTraffic') - 1);
    expect(world.asked('deployBaseline')[0]!.live).toEqual({ slot: 'blue', version: '1.0.0' });
    expect(ran).not.toContain('removeBaseline');
    expect(ran.slice(-2)).toEqual(['drainSlot', 'retire']);
  });

  it.each([
    ['a first release', settings, null],
    ['a release without steps', { canary: { baseline: 'fresh', steps: [] } }, LIVE],
    ['one that is compared with the live slot', { canary: { steps: [{ weight: 10, soak: '1m' }] } }, LIVE],
  ])('is not made by %s', async (_, given, live) => {
    const { status } = await (await begin(given, live)).result();
    expect(status.outcome).toBe('released');
    expect(world.ran()).not.toContain('deployBaseline');
  });

  it('that does not get healthy rolls the release back before the new version has any traffic', async () => {
    world.reset({ deployBaseline: failing('1.0.0 in baseline is not healthy') });
    const { status } = await (await begin()).result();
    expect(status).toMatchObject({ outcome: 'rolled back', why: '1.0.0 in baseline is not healthy' });
    expect(world.asked('setTraffic').map(({ slot, share }) => [slot, share])).toEqual([['blue', 100]]);
    expect(world.ran().slice(-UNDONE.length)).toEqual(UNDONE);
  });

  it.each(['deployBaseline', 'soak'] as const)('is removed after the traffic when %s is aborted', async (name) => {
    const door = new Door();
    world.reset({ [name]: () => door.wait() });
    const handle = await begin();
    await door.entered;
    await world.tell(handle, 'abort');
    expect((await handle.result()).status.outcome).toBe('rolled back');
    expect(world.ran().slice(-UNDONE.length)).toEqual(UNDONE);
  });

  it('stays while traffic cannot be brought back', async () => {
    let broken = true;
    world.reset({
      ...bad,
      setTraffic: ({ slot, share }) => (slot === 'blue' && broken ? failing('no router')() : { share, counters: null }),
    });
    const handle = await begin();
    await world.until(handle, ({ state }) => state === 'needs a hand');
    expect(world.ran()).not.toContain('removeBaseline');
    broken = false;
    await world.tell(handle, 'retry');
    expect((await handle.result()).status.outcome).toBe('rolled back');
    expect(world.ran()).toContain('removeBaseline');
  });

  it('that cannot be removed needs a hand, after jobs run again', async () => {
    world.reset({ ...bad, removeBaseline: failing('the engine does not answer') });
    const handle = await begin();
    const { undos } = await world.until(handle, ({ state }) => state === 'needs a hand');
    expect(undos.find(({ state }) => state === 'failed')).toEqual({
      label: 'remove the fresh baseline of 1.0.0',
      state: 'failed',
      failure: 'the engine does not answer',
    });
    expect(world.ran()).not.toContain('removeSlot');
    expect(world.ran()).toContain('moveLiveOnly');
    await world.tell(handle, 'resolved');
    expect((await handle.result()).status.outcome).toBe('resolved by hand');
  });

  it('is removed also where the failed version is kept for inspection', async () => {
    world.reset(bad);
    const { options } = requestWith();
    const { status } = await (await begin({}, LIVE, { options: { ...options, noRollback: true } })).result();
    expect(status.outcome).toBe('rolled back');
    expect(world.ran().slice(-2)).toEqual(['setTraffic', 'removeBaseline']);
    expect(world.ran()).not.toContain('removeSlot');
  });
});
