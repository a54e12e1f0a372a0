import { snapshot, violations } from '../support/invariants';
import type { Load } from '../support/load';
import type { Raw } from '../support/tiny';
import { World } from '../support/world';
import type { Asked } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(300_000);

/** So many requests does every version of this app need until it answers as fast as it can. */
const COLD_FOR = 2_000;
const BEHAVIOUR = { delayMs: 10, jitterMs: 20, coldFor: COLD_FOR, coldMs: 100 };

describe('an app whose every version is slow until it is warm, under load', () => {
  let world: World;
  let load: Load;

  beforeAll(async () => {
    world = await World.open({
      config: (raw) => {
        raw.canary = {
          baseline: 'fresh',
          steps: [{ weight: 25, soak: '4s' }],
          interval: '100ms',
          inconclusive: 'fail',
          // Nothing below comes near it: only the comparison can tell.
          limits: { errorRate: 60, p95: '10s', minRequests: 20 },
          // A busy machine makes one process or the other slower for a moment.
          analysis: { allowed: { latency: 2 } },
        };
      },
    });
    await world.released('1.0.0', { behaviour: BEHAVIOUR });
    load = await world.load({ paths: ['/'], keepAlive: 16, pauseMs: 5 });
  });
  afterAll(() => world?.close());

  async function untilWarm(): Promise<void> {
    const enough = (await load.report()).sent + 1.2 * COLD_FOR;
    await until(async () => (await load.report()).sent, {
      what: 'it to be warm',
      is: (sent) => sent >= enough,
      every: 200,
    });
  }

  /** Releases to the end, loses nothing and leaves nothing; answers what became of it, and how many each slot answered. */
  async function ended(version: string, asked: Asked) {
    const [before, { slots: first }] = [await snapshot(world), await load.report()];
    const result = await world.released(version, asked);
    const report = await load.report();
    expect(await violations(world, before, result, report)).toEqual([]);
    const answered = (slot: string) => (report.slots[slot] ?? 0) - (first[slot] ?? 0);
    return { ...result, answered };
  }

  test('compared with the live slot, a version that is as good is blamed for having just begun', async () => {
    await untilWarm();
    const { status, answered } = await ended('1.1.0', {
      behaviour: BEHAVIOUR,
      config: (raw: Raw) => void (raw.canary.baseline = 'live'),
    });
    expect({ outcome: status.outcome, why: status.why }).toEqual({
      outcome: 'rolled back',
      why: expect.stringMatching(/^latency .* ms, live: /) as string,
    });
    expect(answered('baseline')).toBe(0);
  });

  test('compared with a fresh baseline it passes, and nothing of the baseline is left', async () => {
    const { status, answered } = await ended('1.2.0', { behaviour: BEHAVIOUR });
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    expect(answered('baseline')).toBeGreaterThan(20);
    const [step] = status.judged!;
    const [, canary, baseline] = /of (\d+) requests failed.* live: \d+ of (\d+)/.exec(
      step!.judgement.metrics!.find(({ name }) => name === 'errors web')!.reason,
    )!;
    expect(Number(canary)).toBe(step!.requests);
    // The live slot answered twice as many.
    expect(Number(baseline)).toBeLessThanOrEqual(answered('baseline'));
    expect(Number(baseline)).toBeGreaterThan(0.3 * answered('baseline'));
  });

  test('a bad version is found by comparing it with the baseline, and put back with it', async () => {
    await untilWarm();
    const { status, answered } = await ended('1.3.0', { behaviour: { ...BEHAVIOUR, errors: 0.3 } });
    expect({ outcome: status.outcome, why: status.why }).toEqual({
      outcome: 'rolled back',
      why: expect.stringMatching(/^errors .* requests failed .*, live: 0 of \d+/) as string,
    });
    expect(status.undos.map(({ label }) => label).slice(0, 3)).toEqual([
      'all traffic to green (1.2.0)',
      'live-only services back to green',
      'remove the fresh baseline of 1.2.0',
    ]);
    const counted = Number(/live: \d+ of (\d+)/.exec(status.why!)![1]);
    expect(counted).toBeLessThanOrEqual(answered('baseline'));
  });
});
