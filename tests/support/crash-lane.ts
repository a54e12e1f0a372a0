import { readFile, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { releaseWorkflowId } from '../../domain/names';
import type { ReleaseResult } from '../../domain/release';
import { within } from '../../waiting/within';
import type { NamedPoint, Variant } from './crash-points';
import { pointsLeft, writePoints } from './crash-file';
import type { Trace } from './crash-file';
import { snapshot, violations } from './invariants';
import type { Load, LoadReport } from './load';
import { migration } from './tiny';
import { World } from './world';
import type { Asked, WorldOptions } from './world';

/** A release and where its worker is killed. */
export interface Job {
  variant: Variant;
  points: NamedPoint[];
}

/** What came of a release whose worker was killed at these points. */
export interface Survival {
  points: string[];
  /** In words, what did not hold. */
  violations: string[];
  lost: number;
  /** Its release was not accepted or did not end, so that nothing more can be released on this lane. */
  stuck: boolean;
}

/** What a release does when nothing disturbs it. */
export interface Reference {
  steps: Trace[];
  /** How long it takes on this machine, in ms. */
  took: number;
}

/** A release hangs when for so many times as long as an undisturbed one takes nothing happens in it. */
const PATIENCE = 15;
const LEAST_PATIENCE_MS = 180_000;
/** How long to wait for what only explains a hang, in ms. */
const DIAGNOSIS_MS = 30_000;
/** It goes on for as long as the lane, and needs half the processor of what other tests ask. */
const LOAD = { pauseMs: 120, longestMs: 6 * 60 * 60_000 };

/** One app that is released again and again under load, while its worker is killed and replaced. */
export class Lane {
  private count = 0;
  private lost = 0;
  private closed = false;
  private constructor(
    readonly world: World,
    private load: Load,
    private supervising: Promise<void>,
  ) {}

  static async open(options: WorldOptions): Promise<Lane> {
    const world = await World.open({ database: true, config: (raw) => void (raw.drain.cap = '300ms'), ...options });
    try {
      const first = await released(world, '1.0.0', { files: migration('0000') }, LEAST_PATIENCE_MS);
      if (first.status.outcome !== 'released') throw new Error(`the first release: ${first.status.why}`);
      const lane: Lane = new Lane(world, await world.load(LOAD), Promise.resolve());
      lane.supervising = lane.supervise();
      return lane;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** Runs a release once without any crash. */
  async reference(variant: Variant): Promise<Reference> {
    await rm(this.world.traceFile, { force: true });
    const began = Date.now();
    const survival = await this.run({ variant, points: [] });
    if (survival.violations.length > 0) throw new Error(`without a crash: ${survival.violations.join('\n')}`);
    const lines = (await readFile(this.world.traceFile, 'utf8')).trim().split('\n');
    return { steps: lines.map((line) => JSON.parse(line) as Trace), took: Date.now() - began };
  }

  /**
   * Runs a release whose worker is killed at these points, one after another, and checks everything after it.
   *
   * @param took how long an undisturbed one takes, in ms
   */
  async run({ variant, points }: Job, took = 0): Promise<Survival> {
    const version = `1.0.${++this.count}`;
    const files = migration(String(this.count).padStart(4, '0'));
    const survival: Survival = { points: points.map(({ name }) => name), violations: [], lost: 0, stuck: false };
    try {
      writePoints(this.world.crashFile, points);
      survival.violations.push(...(await this.judged(variant, version, { files, took })));
      const { lost, losses } = await this.lostSinceThen();
      survival.lost = lost;
      if (lost > 0) survival.violations.push(`lost ${lost} requests: ${losses.join('; ')}`);
    } catch (error) {
      survival.stuck = true;
      survival.violations.push(error instanceof Error ? error.message : String(error));
    }
    for (const { activity, when } of pointsLeft(this.world.crashFile))
      survival.violations.push(`never reached: ${when} ${activity}`);
    await rm(this.world.crashFile, { force: true });
    // Its files are no part of the versions that follow.
    if (variant === 'rolled back') for (const file of Object.keys(files)) await this.world.forget(file);
    return survival;
  }

  /** Releases, and answers in words what does not hold after it. */
  private async judged(
    variant: Variant,
    version: string,
    { files, took }: { files: Record<string, string>; took: number },
  ): Promise<string[]> {
    const before = await snapshot(this.world);
    const patience = Math.max(PATIENCE * took, LEAST_PATIENCE_MS);
    const result = await released(this.world, version, { ...asked(variant), files }, patience);
    const { outcome, why } = result.status;
    const found = await violations(this.world, before, result);
    return outcome === variant ? found : [`expected ${variant}, seen ${outcome}: ${why}`, ...found];
  }

  private async lostSinceThen(): Promise<Pick<LoadReport, 'lost' | 'losses'>> {
    const report = await this.load.report();
    const lost = report.lost - this.lost;
    this.lost = report.lost;
    return { lost, losses: report.losses.slice(-lost) };
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.world.close();
    await this.supervising;
  }

  /** A dead worker is replaced at once, as whatever runs workers would. */
  private async supervise(): Promise<void> {
    for (;;) {
      await this.world.workers.at(-1)?.ended;
      if (this.closed) return;
      // One that dies before it polls is replaced like any other.
      const worker = await this.world.startWorker().catch(() => undefined);
      // The lane was closed while it started, so nobody else ends it.
      if (this.closed) return worker?.kill();
    }
  }
}

/** Releases, and waits for as long as steps end well in it or workers die. */
async function released(world: World, version: string, asked: Asked, patienceMs: number): Promise<ReleaseResult> {
  const result = world.release(version, asked).then((releasing) => releasing.result());
  result.catch(() => undefined);
  let [seen, since] = [await progress(world), Date.now()];
  for (;;) {
    const ended = await Promise.race([result, pause(1_000)]);
    if (ended) return ended;
    const now = await progress(world);
    if (now !== seen) [seen, since] = [now, Date.now()];
    else if (Date.now() - since > patienceMs) break;
  }
  throw new Error(
    `expected a step to end well or a worker to die within ${patienceMs / 1_000} s. ${await seenIn(world)}`,
  );
}

/** Changes whenever a step has ended well or a worker has died. A step that is tried in vain is none. */
async function progress(world: World): Promise<string> {
  const trace = await readFile(world.traceFile, 'utf8').catch(() => '');
  return `${trace.split('"failed":false').length} ${pointsLeft(world.crashFile).length}`;
}

/** For a person who looks into a hang: the kills that were waited for, what Temporal tries, what the worker said. */
async function seenIn(world: World): Promise<string> {
  const kills = pointsLeft(world.crashFile).map(({ when, activity }) => `${when} ${activity}`);
  const describe = () => world.client.workflow.getHandle(releaseWorkflowId(world.scope)).describe();
  const tried = await within({ signal: null, limit: DIAGNOSIS_MS }, describe).then(
    ({ raw }) =>
      raw.pendingActivities?.map(
        ({ activityType, attempt, lastFailure }) => `${activityType?.name} (${attempt}): ${lastFailure?.message}`,
      ),
    String,
  );
  const log = world.workers.at(-1)?.log().slice(-2_000);
  return `Kills waited for: ${kills.join(', ') || 'none'}. Temporal tries: ${String(tried)}. The worker said: ${log}`;
}

/** Both go through a canary with a fresh baseline; the one is good, the other is found out after the switch, so that everything is undone. */
function asked(variant: Variant): Asked {
  if (variant === 'released') {
    return {
      config: (raw) => {
        raw.canary.baseline = 'fresh';
        raw.bake = { soak: '500ms' };
      },
    };
  }
  return {
    // More than come with a hundredth of the traffic, also while a worker that died is replaced.
    behaviour: { failAfter: 50 },
    config: (raw) => {
      Object.assign(raw.canary, {
        baseline: 'fresh',
        steps: [{ weight: 1, soak: '200ms' }],
        longestSoak: undefined,
        inconclusive: 'continue',
      });
      raw.bake = { soak: '10s' };
    },
  };
}
