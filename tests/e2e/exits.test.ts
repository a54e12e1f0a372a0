import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LABELS } from '../../domain/names';
import { otherSlot } from '../../domain/release';
import type { ReleaseStatus, Slot } from '../../domain/release';
import { ReleaseView } from '../../starters/following/release-view';
import { containerName } from '../../targets/docker/names';
import { engine } from '../support/engine';
import { snapshot, violations } from '../support/invariants';
import { until } from '../support/until';
import { World } from '../support/world';
import type { Asked } from '../support/world';

jest.setTimeout(300_000);

/* A version whose containers do not keep running is rolled back, with no limit configured at all. */

describe('a version that does not keep running', () => {
  let world: World;
  let patch = 0;

  beforeAll(async () => {
    world = await World.open({
      config: (raw) => {
        raw.canary = { steps: [], interval: '100ms', inconclusive: 'fail', limits: { minRequests: 0 } };
        raw.bake = { soak: '2m' };
        raw.services.web.memory = '300MiB';
        raw.services.web.volumes = [{ source: flags(), target: '/flags', readOnly: true }];
      },
    });
    await mkdir(flags());
    await world.released('1.0.0', { config: (raw) => void (raw.bake = {}) });
  }, 300_000);
  afterAll(() => world?.close());
  afterEach(() => rm(flag(), { force: true }));

  const flags = () => join(world.directory, 'flags');
  const flag = () => join(flags(), 'ends');
  /** Versions that were released with `when` end themselves from here on. */
  const letItEnd = () => writeFile(flag(), '');
  const when = { endsWhen: '/flags/ends' };
  const next = () => `1.1.${++patch}`;
  const slots = async (): Promise<{ old: Slot; new: Slot }> => {
    const { slot } = (await world.environment()).live!;
    return { old: slot, new: otherSlot(slot) };
  };
  const container = (service: string, slot: Slot) =>
    engine().getContainer(containerName(world.scope, service, slot, 1));
  const inBake = ({ phase, judgement }: ReleaseStatus) => phase === 'bake' && judgement === undefined;
  const inCanary = ({ phase, share }: ReleaseStatus) => phase === 'canary' && share === 50;

  /** Releases what must be rolled back, with everything as it was before. */
  async function expectRolledBack(
    asked: Asked,
    why: RegExp,
    act?: () => Promise<unknown>,
    moment: (status: ReleaseStatus) => boolean = inBake,
  ): Promise<ReleaseStatus> {
    const before = await snapshot(world);
    const releasing = await world.release(next(), asked);
    if (act) {
      await releasing.until(moment);
      await act();
    }
    const result = await releasing.result();
    expect({ outcome: result.status.outcome, why: result.status.why }).toEqual({
      outcome: 'rolled back',
      why: expect.stringMatching(why) as string,
    });
    expect(await violations(world, before, result)).toEqual([]);
    return result.status;
  }

  test('a worker that exits at once is seen when it is started, and the old one works on [proves 3]', async () => {
    const status = await expectRolledBack(
      { behaviour: { jobExitsAfterMs: 0 } },
      /job[.-]\w+-1 ended.*\n.*job[.-]\w+-1:\njob 1/,
    );
    expect(status.phases.at(-1)).toMatchObject({ phase: 'switch', state: 'failed' });
  });

  test('a worker that exits later is seen while baking, exit code 0 or not [proves 3]', async () => {
    // It takes so long that it ends only once before that is seen.
    const later = { jobExitsAfterMs: 15_000, jobExitCode: 0 };
    await expectRolledBack({ behaviour: later }, /job[.-]\w+-1 ended once.* and was started again/);
  });

  test('an app that exits every few seconds is seen while baking [proves 4]', async () => {
    const behaviour = { exitAfterMs: 2_000, ...when };
    await expectRolledBack({ behaviour }, /web[.-]\w+-1 ended .* and was started again/, letItEnd);
  });

  test('an app that exits every few seconds is seen in a canary, whatever the comparison says [proves 4]', async () => {
    const config: Asked['config'] = (raw) => {
      raw.canary.steps = [{ weight: 50, soak: '2m' }];
      raw.canary.analysis = { compare: false };
    };
    const asked = { behaviour: { exitAfterMs: 2_000, ...when }, config };
    const status = await expectRolledBack(asked, /web[.-]\w+-1 ended/, letItEnd, inCanary);
    expect(status.phases.at(-1)?.phase).toBe('canary');
  });

  test('a server that ends with 0 is no more wanted than one that crashes [proves 4]', async () => {
    const behaviour = { exitAfterMs: 2_000, exitCode: 0, ...when };
    await expectRolledBack({ behaviour }, /web[.-]\w+-1 ended/, letItEnd);
  });

  test('the kernel ended a container for want of memory [proves 4]', async () => {
    await expectRolledBack({ behaviour: { hoardAfterMs: 0, ...when } }, /web[.-]\w+-1 ended/, letItEnd);
  });

  test.each([
    [
      'stopped',
      async () => container('web', (await slots()).new).stop({ t: 1 }),
      /ended with exit code .* not started again/,
    ],
    [
      'removed',
      async () => container('web', (await slots()).new).remove({ force: true }),
      // The engine shows one that it is removing as ended.
      /is gone: somebody removed it|ended with exit code 137 and was not started again/,
    ],
    [
      'restarted',
      async () => container('web', (await slots()).new).restart({ t: 1 }),
      // A look may fall between its end and its start.
      /ended once and was started again|ended with exit code \d+ and was not started again/,
    ],
    ['paused', async () => container('web', (await slots()).new).pause(), /is paused/],
    ['killed as a worker', async () => container('job', (await slots()).new).kill(), /job[.-]\w+-1 ended/],
  ])('somebody %s a container while it baked [proves 4]', async (_, act, why) => {
    await expectRolledBack({}, why, act);
  });

  test('a restart while no worker looked is found by the one that takes over [proves 4]', async () => {
    const web = container('web', (await slots()).new);
    await expectRolledBack({}, /ended once and was started again/, async () => {
      await world.workers.at(-1)!.kill();
      await web.restart({ t: 1 });
      await world.startWorker();
    });
  });

  test('a restart during a pause rolls it back, without waiting for anybody to resume [proves 4]', async () => {
    const releasing = await world.release(next());
    await releasing.until(inBake);
    await releasing.tell('pause');
    await releasing.until(({ state }) => state === 'paused');
    await container('web', (await slots()).new).restart({ t: 1 });
    expect((await releasing.result()).status.outcome).toBe('rolled back');
  });

  test('a restart while people are asked rolls it back, without traffic too [proves 4]', async () => {
    const releasing = await world.release(next(), { config: (raw) => void (raw.approve = { required: true }) });
    await releasing.until(({ waitingFor }) => waitingFor?.startsWith('approval') ?? false);
    await container('web', (await slots()).new).restart({ t: 1 });
    const { status } = await releasing.result();
    expect({ outcome: status.outcome, phase: status.phases.at(-1)?.phase }).toEqual({
      outcome: 'rolled back',
      phase: 'approve',
    });
  });

  test('a restart before the end is found at the switch and in verify where nothing bakes [proves 4]', async () => {
    const config: Asked['config'] = (raw) => {
      raw.bake = {};
      raw.verify = { wait: '6s' };
    };
    const asked = { behaviour: { exitAfterMs: 2_000, ...when }, config };
    const isSwitching = ({ phase }: ReleaseStatus) => phase === 'switch' || phase === 'verify';
    const status = await expectRolledBack(asked, /web[.-]\w+-1 ended/, letItEnd, isSwitching);
    expect(['switch', 'verify']).toContain(status.phases.at(-1)?.phase);
  });

  test('its last words are in the reason, without secrets [proves 4]', async () => {
    const status = await expectRolledBack(
      { behaviour: { exitAfterMs: 2_000, ...when } },
      /last \d+ lines of \S+web[.-]\w+-1:\ntiny 1\.1/,
      letItEnd,
    );
    expect(JSON.stringify(status)).not.toContain('tiny-s3cret-value');
  });

  test('restarts that are allowed are told, and let it pass [proves 4]', async () => {
    const { status } = await world.released(next(), {
      behaviour: { jobExitsAfterMs: 2_000 },
      config: (raw) => {
        raw.services.job.health = { restarts: 1_000 };
        raw.bake = { soak: '8s' };
      },
    });
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    expect(status.judged?.at(-1)?.judgement.reason).toMatch(/job[.-]\w+-1 ended .* and was started again/);
  });

  test('the old version’s restarts are not blamed on the new one, which is released [proves 4]', async () => {
    const releasing = await world.release(next(), {
      config: (raw) => {
        raw.canary.steps = [{ weight: 50, soak: '15s' }];
        raw.canary.analysis = { compare: false };
        raw.bake = { soak: '500ms' };
      },
    });
    const { old } = await slots();
    const view = new ReleaseView(world.client, world.scope);
    await until(() => view.look(), {
      what: 'a first judgement of the canary',
      is: (seen) => seen.kind === 'status' && /no container ended/.test(seen.status.judgement?.reason ?? ''),
    });
    await container('web', old).restart({ t: 1 });
    const { status } = await releasing.result();
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    expect(status.judged?.[0]?.judgement.reason).toMatch(
      /no container ended; of the old version \S+-1 ended \d* ?\w+ and was started/,
    );
  });

  test('a good version says what was watched, and all of its containers run [proves 3, 4]', async () => {
    const { status } = await world.released(next(), { config: (raw) => void (raw.bake = { soak: '1s' }) });
    expect(status.outcome).toBe('released');
    expect(status.judged?.at(-1)?.judgement.reason).toMatch(/; no container ended in [\d.]+ s/);
    const filters = { label: [`${LABELS.app}=${world.scope.app}`] };
    const all = await engine().listContainers({ all: true, filters });
    expect(all.map(({ State }) => State)).toEqual(['running', 'running']);
  });
});
