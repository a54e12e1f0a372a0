import { join } from 'node:path';
import type { EnvironmentState } from '../../workflows/messages';
import { command } from '../support/command-process';
import { leaks, snapshot, violations } from '../support/invariants';
import type { Load } from '../support/load';
import { migration } from '../support/tiny';
import { World } from '../support/world';
import type { Asked } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(300_000);

const support = join(__dirname, '../support');
const BROKEN = { NODE_OPTIONS: `-r ${join(support, 'typescript.js')} -r ${join(support, 'broken-worker.ts')}` };
const half = (guard: string): Asked => ({
  config: (raw) => {
    raw.guard = guard;
    raw.canary.steps = [{ weight: 50, soak: '1s' }];
  },
});

describe('a release whose workflow code fails in the middle of its canary', () => {
  let world: World;
  let load: Load;

  beforeAll(async () => {
    world = await World.open({ database: true });
    await world.released('1.0.0');
    load = await world.load();
  });
  afterAll(() => world?.close());

  /** As whoever runs workers deploys another build of them. */
  async function replaceWorker(more: Record<string, string> = {}): Promise<void> {
    const [old] = world.workers.splice(0);
    await world.startWorker(more);
    await old?.kill();
  }

  const untilState = (is: (state: EnvironmentState) => boolean): Promise<EnvironmentState> =>
    until(() => world.environment(), { what: 'the environment as wanted', is, every: 200 });
  const isTold = ({ current }: EnvironmentState) => current?.trouble?.includes('TypeError') ?? false;

  test('goes on when a corrected worker comes within the guard time', async () => {
    await replaceWorker(BROKEN);
    const before = await snapshot(world);
    const releasing = await world.release('1.1.0', half('10m'));
    await untilState(isTold);
    const env = { TEMPORAL_ADDRESS: world.temporal.address };
    const status = await command(['status', '--app', world.scope.app, '-e', 'production'], { env });
    expect(status.stdout).toMatch(/TypeError: .*\. Unless a corrected worker takes it up by 20/);
    await replaceWorker();
    const result = await releasing.result();
    expect({ outcome: result.status.outcome, why: result.status.why }).toMatchObject({ outcome: 'released' });
    expect(await violations(world, before, result)).toEqual([]);
  });

  test('gives its share back when nobody corrects it, loses no request, and leaves nothing', async () => {
    await replaceWorker(BROKEN);
    const before = await snapshot(world);
    const releasing = await world.release('1.2.0', { ...half('12s'), files: migration('001') });
    await untilState(isTold);
    // Blue and green have as much.
    expect((await snapshot(world)).share).toBe(50);
    const { ledger, live, needsHand } = await untilState(({ current }) => current === null);
    expect(needsHand).toBeUndefined();
    expect(live?.version).toBe('1.1.0');
    expect(ledger[0]).toMatchObject({
      release: { id: releasing.id },
      outcome: 'terminated',
      why: expect.stringMatching(/^its environment ended it after 12 s, without undo: .*TypeError: Cannot read/),
      leftovers: expect.arrayContaining([expect.stringContaining('moved all traffic to')]),
    });
    const after = await snapshot(world);
    expect(after.share).toBe(before.share);
    expect(leaks(before, after, releasing.id)).toEqual([]);
    const { lost, sent } = await load.report();
    expect({ lost, some: sent > 100 }).toEqual({ lost: 0, some: true });
  });

  test('is followed by the next release as if it had not been', async () => {
    await replaceWorker();
    const before = await snapshot(world);
    const result = await world.released('1.3.0');
    expect({ outcome: result.status.outcome, why: result.status.why }).toMatchObject({ outcome: 'released' });
    expect(await violations(world, before, result)).toEqual([]);
  });
});
