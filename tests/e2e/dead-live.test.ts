import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LABELS } from '../../domain/names';
import { otherSlot } from '../../domain/release';
import { networkName } from '../../targets/docker/names';
import { lookAtLive } from '../../starters/asking/look';
import { WORKFLOWS } from '../../workflows/messages';
import type { LookAnswer, PlanAnswer } from '../../workflows/messages';
import { command } from '../support/command-process';
import { engine, tracesOf } from '../support/engine';
import { snapshot } from '../support/invariants';
import { World } from '../support/world';
import type { Asked } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(300_000);

/* Whatever became of the live version, the release that mends it is possible, and one that fails makes nothing worse. */

describe('a live version that is dead', () => {
  let world: World;
  let patch = 0;

  beforeAll(async () => {
    world = await World.open({
      config: (raw) => {
        raw.services.api = { ...raw.services.web, routes: [{ ...raw.services.web.routes[0], path: '/api' }] };
        for (const service of [raw.services.web, raw.services.api])
          service.volumes = [{ source: flags(), target: '/flags', readOnly: true }];
      },
    });
    await mkdir(flags());
    process.env.SPILLWAY_TASK_QUEUE = world.taskQueue;
    await world.released('1.0.0', LOOPING);
  }, 300_000);
  afterAll(async () => {
    delete process.env.SPILLWAY_TASK_QUEUE;
    await world?.close();
  });

  beforeEach(async () => {
    // What a test before left dead when it failed.
    const seen = (await lookAtLive(world.client, world.scope, await world.environment())) as LookAnswer;
    if (seen.condition !== 'serving') await world.released(next(), LOOPING);
  });

  const flags = () => join(world.directory, 'flags');
  const LOOPING = { behaviour: { exitAfterMs: 50, endsWhen: '/flags/crash' } };
  const BROKEN: Asked = { behaviour: { broken: true } };
  /** Fails when it has all the traffic, and the workers have moved. */
  const LATE: Asked = { behaviour: { exitAfterMs: 4_000 }, config: (raw) => void (raw.bake = { soak: '2m' }) };
  const next = () => `1.0.${++patch}`;
  const live = async () => (await world.environment()).live!;
  const containers = async (service?: string) => {
    const filters = {
      label: [`${LABELS.app}=${world.scope.app}`, ...(service ? [`${LABELS.service}=${service}`] : [])],
    };
    const found = await engine().listContainers({ all: true, filters });
    return found.map(({ Id }) => engine().getContainer(Id));
  };
  const onEach = async (
    act: (one: Awaited<ReturnType<typeof containers>>[number]) => Promise<unknown>,
    service?: string,
  ) => {
    for (const one of await containers(service)) await act(one);
  };
  const plan = async () =>
    (await world.client.workflow.execute(WORKFLOWS.plan, {
      workflowId: `plan/${world.scope.app}/${patch}`,
      taskQueue: world.taskQueue,
      args: [await world.request('9.9.9')],
    })) as PlanAnswer;
  const serving = async (path = '/status') =>
    ((await (await fetch(world.url + path, { headers: { connection: 'close' } })).json()) as { version: string })
      .version;

  /** Plan and status say what is wrong; a release that fails leaves all as it was; one that does not mends it. */
  async function expectMendable(
    condition: string,
    detail: RegExp,
    { fails = BROKEN, mends = LOOPING }: { fails?: Asked; mends?: Asked } = {},
  ): Promise<void> {
    const planned = await plan();
    const { version, slot } = await live();
    expect(planned.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(planned).toMatchObject({ live: { version }, slot: otherSlot(slot), found: { condition } });
    expect(planned.found?.detail).toMatch(detail);
    // Of one that loops the engine does not always know how it ended.
    const told = (text = '') => text.replaceAll(/ with exit code \d+|, and was started again \d+ times/g, '');
    const looked = (await lookAtLive(world.client, world.scope, await world.environment())) as LookAnswer;
    expect({ ...looked, detail: told(looked.detail) }).toEqual({ condition, detail: told(planned.found?.detail) });

    const before = await snapshot(world).catch(() => undefined);
    const traces = await tracesOf(world.scope);
    const failed = await world.released(next(), fails);
    expect({ ...failed.status, undos: failed.status.undos.filter(({ state }) => state !== 'done') }).toMatchObject({
      outcome: 'rolled back',
      why: expect.stringMatching(/checks of|keep running/),
      undos: [],
    });
    const settled = (lines: string[]) => lines.map((line) => line.replace(/ (running|restarting)$/, ' up'));
    expect(settled((await tracesOf(world.scope)).containers)).toEqual(settled(traces.containers));
    if (before?.share !== undefined) expect((await snapshot(world)).share).toBe(before.share);

    const fix = next();
    const { status } = await world.released(fix, mends);
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    const canary = status.phases.find(({ phase }) => phase === 'canary');
    expect(canary?.state).toBe(condition === 'dead' ? 'skipped' : 'done');
    if (condition === 'dead')
      expect(canary?.detail).toBe(`${version} does not serve: there is nothing to compare with`);
    expect([await serving(), await serving('/api')]).toEqual([fix, fix]);
    for (const one of await containers()) expect((await one.inspect()).State.Running).toBe(true);
    expect(await lookAtLive(world.client, world.scope, await world.environment())).toMatchObject({
      condition: 'serving',
    });
  }

  test('because all its containers ended [proves 2]', async () => {
    await onEach((one) => one.stop({ t: 1 }));
    await expectMendable('dead', /web[.-]\w+-1 ended with exit code/, { fails: LATE });
  });

  test('because it crashes again and again [proves 2]', async () => {
    await writeFile(join(flags(), 'crash'), '');
    const looping = async () =>
      Promise.all((await containers('web')).map(async (one) => (await one.inspect()).RestartCount));
    await until(looping, {
      what: 'four restarts each',
      is: (counts) => counts.every((count) => count >= 4),
      every: 100,
    });
    const { version } = await live();
    await expect(plan()).resolves.toMatchObject({ live: { version }, found: { condition: 'dead' } });
    // The version that mends it does not look for the file, which stays until then.
    await expectMendable('dead', /web[.-]\w+-1 ends again and again/, { mends: {} });
    await rm(join(flags(), 'crash'));
  });

  test('because somebody removed all its containers [proves 2]', async () => {
    await onEach((one) => one.remove({ force: true }));
    await expectMendable('dead', /^no container in (blue|green)$/);
  });

  test('in one service of several [proves 2]', async () => {
    await onEach((one) => one.kill(), 'api');
    await expectMendable('dead', /^\S+[.-]api[.-]\w+-1 ended with exit code 137$/);
  });

  test('because it is paused [proves 2]', async () => {
    await onEach((one) => one.pause());
    await expectMendable('dead', /web[.-]\w+-1 is paused/);
  });

  test('because its network is gone [proves 2]', async () => {
    await onEach((one) => one.stop({ t: 1 }));
    await engine().getNetwork(networkName(world.scope)).remove();
    await expectMendable('dead', /ended with exit code/);
  });

  test('because its containers were taken off their network [proves 2]', async () => {
    await onEach((one) => engine().getNetwork(networkName(world.scope)).disconnect({ Container: one.id, Force: true }));
    await expectMendable('dead', /is on no network/);
  });

  test('in its worker only: it serves, and is compared as ever [proves 2]', async () => {
    const load = await world.load({ paths: ['/', '/api'] });
    await onEach((one) => one.stop({ t: 1 }), 'job');
    await expectMendable('impaired', /^\S+[.-]job[.-]\w+-1 ended with exit code/);
    expect(await load.stop()).toMatchObject({ lost: 0 });
  });

  test('to its visitors, because the router was removed [proves 2]', async () => {
    await engine().getContainer(`spillway-router-${world.scope.app}`).remove({ force: true });
    const planned = await plan();
    expect(planned).toMatchObject({ found: { condition: 'impaired', detail: 'the router does not run' } });
    expect(planned.checks.filter(({ ok }) => !ok)).toEqual([]);
    const failed = await world.released(next(), { behaviour: { broken: true } });
    expect(failed.status.outcome).toBe('rolled back');
    const fix = next();
    expect(
      (await world.released(fix, { ...LOOPING, config: (raw) => void (raw.canary.steps = []) })).status.outcome,
    ).toBe('released');
    expect(await serving()).toBe(fix);
  });

  test('to its visitors, because the router and all its files are gone: nothing gets traffic before it is smoked [proves 2]', async () => {
    const { version } = await live();
    await engine().getContainer(`spillway-router-${world.scope.app}`).remove({ force: true });
    await rm(world.routerDirectory, { recursive: true });
    const failed = await world.released(next(), { behaviour: { broken: true } });
    expect(failed.status.outcome).toBe('rolled back');
    expect(await serving()).toBe(version);
  });

  test('as the commands say it: plan and status agree, and the fix is released [proves 2]', async () => {
    const { version, slot } = await live();
    await onEach((one) => one.stop({ t: 1 }), 'web');
    const env = { TEMPORAL_ADDRESS: world.temporal.address, SPILLWAY_TASK_QUEUE: world.taskQueue };
    const status = await command(['status', '--app', world.scope.app, '-e', 'production'], { cwd: world.project, env });
    expect(status.stdout).toMatch(
      new RegExp(
        `${version} is live in ${slot}, but does not serve: \\S+[.-]web[.-]${slot}-1 ended with exit code \\d+; release a fix`,
      ),
    );
    await onEach((one) => one.start(), 'web');
    await until(serving, { what: 'it to serve again' });
    const again = await command(['status', '--app', world.scope.app, '-e', 'production'], { cwd: world.project, env });
    expect(again.stdout).not.toContain('does not serve');
  });
});
