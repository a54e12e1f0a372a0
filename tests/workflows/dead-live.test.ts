import { judged, untilCancelled, failing } from '../support/answers';
import { LIVE, requestWith } from '../support/release-request';
import { ReleaseWorld } from '../support/release-world';
import type { PreflightReport } from '../../activities/steps';
import type { Watched } from '../../domain/containers/exits';
import { ROUTERS } from '../../domain/router';

let world: ReleaseWorld;
beforeAll(async () => void (world = await ReleaseWorld.start()), 300_000);
afterAll(async () => world.stop());
beforeEach(() => world.reset());

const found = (given: PreflightReport['found']) => ({
  preflight: (): PreflightReport => ({
    checks: [],
    slot: 'green',
    live: LIVE,
    found: given,
    pendingMigrations: ['002_orders'],
    capabilities: ROUTERS.haproxy.capabilities,
    configurationIdentity: 'c',
  }),
});
const DEAD = { condition: 'dead', detail: 'web.blue-1 ended', down: ['web.blue-1'], loops: [] } as const;
const liveOnly = {
  services: {
    web: { image: 'fx-web', port: 8080, routes: [{ port: 80 }] },
    queue: { image: 'fx-queue', traffic: 'none', run: 'live-only' },
  },
};
const WATCHED: Watched = { service: 'web', container: 'web.green-1', id: 'a', startedAt: 1, restarts: 0 };
const begin = (settings = {}) => world.begin(requestWith(settings), LIVE);

describe('a release whose live version is dead', () => {
  it('asks nothing of it, skips the canary, and moves all the traffic once it is smoked [proves 2]', async () => {
    world.reset(found({ ...DEAD, down: [], loops: [] }));
    const { status } = await (
      await begin({ bake: { soak: '1m' }, canary: { baseline: 'fresh', steps: [{ weight: 10 }] } })
    ).result();
    expect(status.outcome).toBe('released');
    expect(world.ran()).toEqual([
      ...['preflight', 'buildImages', 'backUp', 'applyMigrations', 'deploySlot', 'smoke', 'setTraffic', 'smoke'],
      ...['setTraffic', 'soak', 'drainSlot', 'retire'],
    ]);
    expect(status.phases.find(({ phase }) => phase === 'canary')).toMatchObject({
      state: 'skipped',
      detail: '1.0.0 does not serve: there is nothing to compare with',
    });
    expect(status.phases[0]?.detail).toContain('1.0.0 is live in blue, but does not serve: web.blue-1 ended');
  });

  it('may be of the very same version, since what serves no more is not live already [proves 2]', async () => {
    const identity = () => ({ images: [], identity: LIVE.identity, tags: [] });
    world.reset({ ...found({ ...DEAD, down: [], loops: [] }), buildImages: identity });
    expect((await (await begin()).result()).status.outcome).toBe('released');
    world.reset({ ...found({ ...DEAD, condition: 'serving' }), buildImages: identity });
    expect((await (await begin()).result()).status.outcome).toBe('unchanged');
  });

  it('puts back what was when it fails: the share, and no worker that did not run before [proves 2]', async () => {
    const down = ['queue-blue-1'];
    world.reset({ ...found({ ...DEAD, down, loops: ['queue-blue-2'] }), soak: () => judged('fail', 'it ended') });
    const { status } = await (await begin({ ...liveOnly, bake: { soak: '1m' } })).result();
    expect(status.outcome).toBe('rolled back');
    expect(world.asked('setTraffic').at(-1)).toMatchObject({ slot: 'blue', share: 100 });
    expect(world.asked('moveLiveOnly').map(({ to, back }) => [to, back])).toEqual([
      ['green', undefined],
      ['blue', { down, loops: ['queue-blue-2'] }],
    ]);
  });

  it('does not blame a migration for a live version that failed its smoke checks before [proves 2]', async () => {
    let smokes = 0;
    const sick = {
      condition: 'impaired',
      detail: 'it does not pass its smoke checks',
      down: [],
      loops: [],
      isSick: true,
    } as const;
    world.reset({ ...found(sick), smoke: () => (++smokes > 2 ? failing('asked too often')() : { checks: [] }) });
    expect((await (await begin()).result()).status.outcome).toBe('released');
    expect(world.asked('smoke').map(({ slot }) => slot)).toEqual(['green', 'green']);
  });
});

describe('how containers ran when they were healthy', () => {
  it('is what every later step is told, with the workers once they run [proves 3, 4]', async () => {
    const worker = { ...WATCHED, service: 'queue', container: 'queue-green-1' };
    world.reset({
      deploySlot: () => ({ detail: 'healthy', deployed: [WATCHED] }),
      moveLiveOnly: () => ({ deployed: [worker] }),
    });
    await (
      await begin({ ...liveOnly, bake: { soak: '1m' }, canary: { steps: [{ weight: 10, soak: '1s' }] } })
    ).result();
    expect(world.asked('soak').map(({ name, deployed }) => [name, deployed])).toEqual([
      ['canary-10', [WATCHED]],
      ['bake', [WATCHED, worker]],
    ]);
    expect(world.asked('smoke').map(({ through, deployed }) => [through, deployed?.length])).toEqual([
      ['slot', undefined],
      ['slot', 1],
      ['router', 2],
    ]);
    expect(world.asked('setTraffic').map(({ share, deployed }) => [share, deployed?.length])).toEqual([
      [10, 1],
      [100, 1],
      [100, 2],
    ]);
  });

  it('is judged while people are asked although there is no traffic yet [proves 4]', async () => {
    world.reset({ soak: () => judged('fail', 'web.green-1 ended') });
    const { status } = await (await begin({ approve: { required: true }, canary: { steps: [] } })).result();
    expect(status).toMatchObject({ outcome: 'rolled back', why: 'web.green-1 ended' });
    expect(world.asked('soak')).toMatchObject([{ name: 'approve', share: 0 }]);
  });

  it('is looked at once more after a pause that came when all was judged [proves 4]', async () => {
    world.reset({
      deploySlot: () => ({ detail: 'healthy', deployed: [WATCHED] }),
      soak: (input) => (input.name === 'bake' && input.soak !== null ? judged('pass', 'well') : untilCancelled(input)),
    });
    const handle = await begin({ canary: { steps: [] }, verify: { wait: '2s' } });
    await world.until(handle, ({ phase }) => phase === 'verify');
    await world.tell(handle, 'pause');
    await world.until(
      handle,
      ({ waitingFor, phases }) =>
        waitingFor === 'resume' && phases.some(({ phase, state }) => phase === 'verify' && state === 'done'),
    );
    const before = world.asked('setTraffic').length;
    await world.tell(handle, 'resume');
    expect((await handle.result()).status.outcome).toBe('released');
    expect(world.asked('setTraffic').length).toBe(before + 1);
  });
});
