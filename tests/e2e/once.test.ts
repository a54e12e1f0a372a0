import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS } from '../../domain/names';
import { containerName } from '../../targets/docker/names';
import { writePoints } from '../support/crash-file';
import { engine } from '../support/engine';
import { snapshot, violations } from '../support/invariants';
import { World } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(300_000);

/* A job of a version that runs to its end: once a release, before its other services, whoever dies meanwhile. */

describe('a job that runs once', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.open({
      config: (raw) => {
        raw.canary.steps = [];
        raw.services.seed = {
          ...{ build: { context: 'app' }, traffic: 'none', run: 'once', command: ['once.js'], stopGrace: '1s' },
          volumes: [{ source: out(), target: '/out' }],
        };
      },
    });
    await mkdir(out());
    await chmod(out(), 0o777);
  }, 300_000);
  afterAll(() => world?.close());
  beforeEach(() => rm(runs(), { force: true }));

  const out = () => join(world.directory, 'out');
  const runs = () => join(out(), 'runs');
  const begun = async () => (await readFile(runs(), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const untilBegun = () => until(begun, { what: 'it to begin', is: (seen) => seen.length > 0 });
  const seeds = async () => {
    const filters = { label: [`${LABELS.app}=${world.scope.app}`, `${LABELS.service}=seed`] };
    return engine().listContainers({ all: true, filters });
  };

  test('has ended before the others begin, and its version is released [proves 3]', async () => {
    const { status } = await world.released('1.0.0', { behaviour: { onceMs: 1_500 } });
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    expect(await begun()).toEqual(['1.0.0']);
    const [seed] = await seeds();
    const { State, HostConfig } = await engine().getContainer(seed!.Id).inspect();
    expect({ ...State, policy: HostConfig.RestartPolicy?.Name }).toMatchObject({
      Status: 'exited',
      ExitCode: 0,
      policy: 'no',
    });
    const web = await engine()
      .getContainer(containerName(world.scope, 'web', 'blue', 1))
      .inspect();
    expect(Date.parse(web.State.StartedAt)).toBeGreaterThanOrEqual(Date.parse(State.FinishedAt));
  });

  test('runs once for each release, and that it has ended is not taken for a dead version [proves 2, 3]', async () => {
    const { status } = await world.released('1.1.0');
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    expect(status.phases.find(({ phase }) => phase === 'preflight')?.detail).toMatch(/^\d+ checks passed$/);
    expect(await begun()).toEqual(['1.1.0']);
  });

  test('that fails takes its version with it, with what it said; the undo removes it [proves 3]', async () => {
    const before = await snapshot(world);
    const result = await world.released('1.2.0', { behaviour: { onceExitCode: 3 } });
    expect(result.status).toMatchObject({ outcome: 'rolled back', phase: 'deploy' });
    expect(result.status.why).toMatch(/expected \S+[.-]seed[.-]\w+-1/);
    expect(result.status.why).toMatch(
      /to end with exit code 0, seen that it ended with exit code 3\n.*\njob 1\.2\.0 runs/,
    );
    expect(await begun()).toEqual(['1.2.0']);
    const left = (await violations(world, before, result)).filter((line) => !/[.-]seed[.-]/.test(line));
    expect(left).toEqual([]);
  });

  test('that takes too long is stopped, and fails its version [proves 3]', async () => {
    const { status } = await world.released('1.3.0', {
      behaviour: { onceMs: 600_000 },
      config: (raw) => void (raw.services.seed.longest = '2s'),
    });
    expect(status.outcome).toBe('rolled back');
    expect(status.why).toContain('to end within 2 s, seen that it still ran, so it was stopped');
    expect((await seeds()).filter(({ State }) => State === 'running')).toEqual([]);
  });

  test.each([
    ['while it runs', 3_000, untilBegun],
    ['after it has ended', 0, async () => untilBegun().then(() => sleep(150))],
  ])('is not started again when its worker is killed %s [proves 3]', async (when, onceMs, moment) => {
    const version = `1.4.${onceMs}`;
    const releasing = await world.release(version, { behaviour: { onceMs } });
    await moment();
    await world.workers.at(-1)!.kill();
    await world.startWorker();
    const { status } = await releasing.result();
    expect({ when, outcome: status.outcome, why: status.why }).toEqual({ when, outcome: 'released' });
    expect(await begun()).toEqual([version]);
  });

  test('is stopped and removed when its release is aborted while it runs [proves 3]', async () => {
    const releasing = await world.release('1.5.0', { behaviour: { onceMs: 600_000 } });
    await untilBegun();
    await releasing.tell('abort');
    expect((await releasing.result()).status.outcome).toBe('rolled back');
    expect((await seeds()).map(({ Labels }) => Labels[LABELS.version])).not.toContain('1.5.0');
  });

  test('does not run twice when its deploy was interrupted half-way [proves 3]', async () => {
    writePoints(world.crashFile, [
      { activity: 'deploySlot', id: await deployId(), workflow: 'release', when: 'during', delayMs: 400 },
    ]);
    const releasing = await world.release('1.6.0', { behaviour: { onceMs: 300 } });
    await world.workers.at(-1)!.ended;
    await world.startWorker();
    expect((await releasing.result()).status.outcome).toBe('released');
    expect(await begun()).toEqual(['1.6.0']);
  });

  /** Temporal's number of the step, the same in every release that goes the same way. */
  async function deployId(): Promise<string> {
    const lines = (await readFile(world.traceFile, 'utf8')).trim().split('\n');
    const steps = lines.map((line) => JSON.parse(line) as { activity: string; id: string });
    return steps.findLast(({ activity }) => activity === 'deploySlot')!.id;
  }
});
