import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import type { SoakInput, SoakReport } from '../../activities/steps';
import { releaseWorkflowId } from '../../domain/names';
import { otherSlot } from '../../domain/release';
import type { MetricVerdict, ReleaseResult, Slot } from '../../domain/release';
import { ReleaseView } from '../../starters/following/release-view';
import type { Load } from '../support/load';
import type { Raw } from '../support/tiny';
import { World } from '../support/world';
import type { Asked } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(300_000);

/** The live version is not perfect: comparing with it must tell its faults from those of the new one. */
const LIVE = { errors: 0.08, delayMs: 60, jitterMs: 90 };

describe('a bad canary is found by comparing it with the live version', () => {
  let world: World;
  let load: Load | undefined;

  beforeAll(async () => {
    world = await World.open({
      config: (raw) => {
        raw.services.api = { ...raw.services.web, routes: [{ ...raw.services.web.routes[0], path: '/api' }] };
        raw.services.api.env = { ROLE: 'api' };
        raw.canary = {
          // A bad version is found long before this is over.
          steps: [{ weight: 50, soak: '2m' }],
          longestSoak: '2m',
          interval: '100ms',
          inconclusive: 'fail',
          // Nothing below comes near it: only the comparison can tell.
          limits: { errorRate: 60, p95: '10s', minRequests: 20 },
          // A busy machine makes one process or the other slower for a moment.
          analysis: { allowed: { latency: 4 } },
        };
      },
    });
    await world.released('1.0.0', { behaviour: LIVE });
  });
  beforeEach(async () => {
    load = await world.load({ paths: ['/', '/api'], keepAlive: 16, fresh: 0, sockets: 0, pauseMs: 5 });
  });
  afterEach(() => load?.stop());
  afterAll(() => world?.close());

  /** Releases a version that must be rolled back in its canary; what the last step showed. */
  async function caught(version: string, asked: Asked) {
    const result = await world.released(version, asked);
    const { status } = result;
    const { outcome, why = '' } = status;
    const phase = status.phases.find(({ state }) => state === 'failed')?.phase;
    expect({ why, outcome, phase }).toEqual({ why, outcome: 'rolled back', phase: 'canary' });
    await expectRemembered(result);
    const step = status.judged!.at(-1)!;
    const labels = new Map((step.judgement.metrics ?? []).map(({ name, label }) => [name, label]));
    return { status, step, labels, why };
  }

  /** The ledger knows the verdict, and there is a picture of it. */
  async function expectRemembered({ status }: ReleaseResult): Promise<void> {
    const [entry] = (await world.environment()).ledger;
    const step = entry?.judged?.at(-1);
    expect(step?.judgement.verdict).toBe(status.judged?.at(-1)?.judgement.verdict);
    expect(await readFile(step?.picture ?? '', 'utf8')).toContain(`${status.release.version}, new, in`);
  }

  /** What each metric says is shown before the soak is over. */
  async function seenWhileSoaking(): Promise<void> {
    const view = () => new ReleaseView(world.client, world.scope).look();
    const look = await until(view, {
      what: 'numbers during the soak',
      is: (seen) =>
        seen.kind === 'ended' ||
        (seen.kind === 'status' && !seen.status.judged && Boolean(seen.status.judgement?.metrics?.some(isCounted))),
      every: 100,
    });
    expect(look.kind).toBe('status');
  }
  const isCounted = ({ name, reason }: MetricVerdict) =>
    name === 'errors web' && / of \d+ requests failed/.test(reason);

  const steps =
    (...given: [number, string][]) =>
    (raw: Raw) =>
      void (raw.canary.steps = given.map(([weight, soak]) => ({ weight, soak })));

  test('twice the errors of the live version', async () => {
    const { why, labels } = await caught('1.1.0', { behaviour: { ...LIVE, errors: 0.16 } });
    expect(why).toMatch(/^errors .*: \d+ of \d+ requests failed \([\d.]+ %\), live: \d+ of \d+ \([\d.]+ %\)/);
    expect([...labels.values()]).toContain('high');
    expect([...labels.entries()].filter(([name, label]) => name.startsWith('latency') && label === 'high')).toEqual([]);
  });

  test('30 % slower than the live version', async () => {
    const { why } = await caught('1.2.0', {
      behaviour: { ...LIVE, delayMs: 78, jitterMs: 117 },
      config: (raw) => void (raw.canary.analysis = {}),
    });
    expect(why).toMatch(/^latency /);
  });

  test('a memory leak, seen by the containers it runs in', async () => {
    const { why, labels } = await caught('1.3.0', {
      behaviour: { ...LIVE, leakBytes: 600_000 },
      config: (raw) => {
        steps([50, '8s'])(raw);
        // The engine measures a container once a second.
        const memory = { name: 'memory', interval: '1s', minSamples: 6, containers: { measure: 'memory' } };
        const limit = { direction: 'increase', effect: { allowedIncrease: 1.2 } };
        raw.canary.analysis.metrics = [{ ...memory, ...limit }];
      },
    });
    expect({ why, memory: labels.get('memory') }).toEqual({ why, memory: 'high' });
    expect(why).toMatch(/memory: canary is higher/);
  });

  test('a crash loop', async () => {
    await caught('1.4.0', { behaviour: { ...LIVE, crashAfter: 30 } });
  });

  test('only one service that is bad', async () => {
    const { labels, why } = await caught('1.5.0', { behaviour: { ...LIVE, errors: 0.3, errorsIn: 'api' } });
    expect(why).toMatch(/^errors (api|all services): /);
    expect(labels.get('errors web')).not.toBe('high');
  });

  test('bad only at 50 %, after a good 10 %', async () => {
    const { status, step } = await caught('1.6.0', {
      behaviour: { ...LIVE, maxInFlight: 6 },
      config: steps([10, '2s'], [50, '2m']),
    });
    expect(status.judged!.map(({ name, judgement }) => `${name} ${judgement.verdict}`)).toEqual([
      'canary-10 pass',
      'canary-50 fail',
    ]);
    expect(step.share).toBe(50);
  });

  test('a metric whose source is gone half-way is missing evidence, which never passes', async () => {
    const program = join(world.directory, 'lag.sh');
    const counter = join(world.directory, 'asked');
    await writeFile(
      program,
      `#!/bin/sh\necho >> ${counter}\n[ "$(wc -l < ${counter})" -lt 12 ] || exit 3\necho $((10 + $$ % 7))\n`,
      { mode: 0o755 },
    );
    const { why, step } = await caught('1.7.0', {
      behaviour: LIVE,
      config: (raw) => {
        steps([50, '1s'])(raw);
        raw.canary.longestSoak = '6s';
        raw.canary.analysis.metrics = [{ name: 'lag', interval: '200ms', command: { run: [program] } }];
      },
    });
    expect(why).toMatch(/metrics show nothing: lag/);
    expect(step.judgement.metrics?.find(({ name }) => name === 'lag')?.reason).toMatch(
      /\d+ of \d+ readings missing, the last: /,
    );
  });

  test('a good version passes, and its baking is compared with what was recorded before', async () => {
    const releasing = await world.release('1.8.0', {
      behaviour: LIVE,
      config: (raw) => {
        steps([50, '10s'])(raw);
        raw.bake = { soak: '1s' };
      },
    });
    await seenWhileSoaking();
    const { status } = await releasing.result();
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    const bake = status.judged!.at(-1)!;
    expect(bake.name).toBe('bake');
    expect(bake.judgement.metrics?.map(({ name, label }) => `${name}: ${label}`)).toContain('errors web: pass');
  });

  test('a worker killed in the middle of a soak loses no evidence and doubles none', async () => {
    const releasing = await world.release('1.9.0', { behaviour: LIVE, config: steps([50, '12s']) });
    // It must have beaten with something to lose.
    await seenWhileSoaking();
    await world.workers.at(-1)!.kill();
    await world.startWorker();
    const { status } = await releasing.result();
    expect({ outcome: status.outcome, why: status.why }).toEqual({ outcome: 'released' });
    const { attempts, input, report } = await soakOf(world);
    expect(attempts).toBeGreaterThan(1);
    const { live, seen } = report.carried!;
    for (const service of ['web', 'api']) {
      const { canary, baseline } = live.services[service]!.errors;
      const of = (slot: Slot) => seen!.slots[slot][service]!.requests - input.baseline!.slots[slot][service]!.requests;
      expect([canary.total, baseline.total]).toEqual([of(input.slot), of(otherSlot(input.slot))]);
    }
  });

  test('a limit that is exceeded for a time [proves R2]', async () => {
    const { why } = await caught('1.10.0', {
      behaviour: { ...LIVE, errors: 0.3 },
      config: (raw) => {
        raw.canary.analysis.compare = false;
        raw.canary.triggers = [{ errorRate: 20, for: '1s' }];
      },
    });
    expect(why).toMatch(/error rate [\d.]+ % .* > 20 % for .*, 1 s fail it$/);
  });

  test('no traffic never passes', async () => {
    await load?.stop();
    const { why } = await caught('2.0.0', {
      behaviour: LIVE,
      config: (raw) => {
        steps([50, '600ms'])(raw);
        raw.canary.longestSoak = '2s';
      },
    });
    expect(why).toMatch(/^0 requests seen, 20 needed, although the soak was lengthened to [\d.]+ s/);
  });
});

/** What the history of the last release has of its first soak. */
async function soakOf(world: World): Promise<{ attempts: number; input: SoakInput; report: SoakReport }> {
  const { events } = await world.client.workflow.getHandle(releaseWorkflowId(world.scope)).fetchHistory();
  const scheduled = events!.find(
    ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === 'soak',
  )!;
  const started = events!.find(({ activityTaskStartedEventAttributes: one }) =>
    one?.scheduledEventId?.eq(scheduled.eventId!),
  )!.activityTaskStartedEventAttributes!;
  const completed = events!.find(({ activityTaskCompletedEventAttributes: one }) =>
    one?.scheduledEventId?.eq(scheduled.eventId!),
  )!.activityTaskCompletedEventAttributes!;
  const decoded = (payloads: Parameters<typeof defaultPayloadConverter.fromPayload>[0][] | null | undefined): unknown =>
    defaultPayloadConverter.fromPayload(payloads![0]!);
  return {
    attempts: started.attempt ?? 1,
    input: decoded(scheduled.activityTaskScheduledEventAttributes!.input?.payloads) as SoakInput,
    report: decoded(completed.result?.payloads) as SoakReport,
  };
}
