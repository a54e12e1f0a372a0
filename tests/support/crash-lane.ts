import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReleaseResult } from '../../domain/release';
import { pointsLeft } from './crash-worker';
import type { CrashPoint, Trace } from './crash-worker';
import { snapshot, violations } from './invariants';
import type { Load } from './load';
import { migration } from './tiny';
import { World } from './world';
import type { Releasing } from './asking';
import type { Asked, WorldOptions } from './world';

/** The two releases that are killed everywhere. */
export type Variant = 'released' | 'rolled back';

/** A release and where its worker is killed. */
export interface Job {
  variant: Variant;
  points: NamedPoint[];
}

/** With a name for people: the how manieth step of its kind it is. */
export interface NamedPoint extends CrashPoint {
  name: string;
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
const WHEN = ['before', 'during', 'after', 'between'] as const;

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
      const first = await world.released('1.0.0', { files: migration('0000') });
      if (first.status.outcome !== 'released') throw new Error(`the first release: ${first.status.why}`);
      const lane: Lane = new Lane(world, await world.load(), Promise.resolve());
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
    const { world } = this;
    const before = await snapshot(world);
    const version = `1.0.${++this.count}`;
    const step = String(this.count).padStart(4, '0');
    const found: string[] = [];
    let stuck = false;
    await writeFile(world.crashFile, JSON.stringify(points));
    try {
      const releasing = await world.release(version, { ...asked(variant), files: migration(step) });
      const result = await this.end(releasing, Math.max(PATIENCE * took, LEAST_PATIENCE_MS));
      if (result.status.outcome !== variant)
        found.push(`expected ${variant}, seen ${result.status.outcome}: ${result.status.why}`);
      found.push(...(await violations(world, before, result)));
    } catch (error) {
      stuck = true;
      found.push(error instanceof Error ? error.message : String(error));
    }
    for (const { activity, when } of pointsLeft(world.crashFile)) found.push(`never reached: ${when} ${activity}`);
    await rm(world.crashFile, { force: true });
    // Its files are no part of the versions that follow.
    if (variant === 'rolled back')
      for (const file of Object.keys(migration(step))) await rm(join(world.project, file), { force: true });
    const report = await this.load.report();
    const lost = report.lost - this.lost;
    this.lost = report.lost;
    if (lost > 0) found.push(`lost ${lost} requests: ${report.losses.slice(-lost).join('; ')}`);
    return { points: points.map(({ name }) => name), violations: found, lost, stuck };
  }

  /** Waits for the end of a release for as long as steps end in it, or workers die. */
  private async end(releasing: Releasing, patienceMs: number): Promise<ReleaseResult> {
    const result = releasing.result();
    let [seen, since] = [await this.progress(), Date.now()];
    for (;;) {
      const ended = await Promise.race([result, pause(1_000)]);
      if (ended) return ended;
      const now = await this.progress();
      if (now !== seen) [seen, since] = [now, Date.now()];
      else if (Date.now() - since > patienceMs) break;
    }
    result.catch(() => undefined);
    const waitedFor = pointsLeft(this.world.crashFile).map(({ when, activity }) => `${when} ${activity}`);
    const status = await releasing.status().catch((error: unknown) => String(error));
    throw new Error(
      `expected a step to end or a worker to die within ${patienceMs / 1_000} s; kills that were waited for: ` +
        `${waitedFor.join(', ') || 'none'}; the release is ${JSON.stringify(status)}`,
    );
  }

  /** Changes whenever a step has ended or a worker has died. */
  private async progress(): Promise<string> {
    const traced = await stat(this.world.traceFile).then(
      ({ size }) => size,
      () => 0,
    );
    return `${traced} ${pointsLeft(this.world.crashFile).length}`;
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
      await this.world.startWorker().catch((error: unknown) => {
        if (!this.closed) throw error;
      });
    }
  }
}

/** Every point at which a release that ran these steps can be killed. */
export function crashPoints(variant: Variant, steps: Trace[]): NamedPoint[] {
  return named(steps).flatMap(({ name, step: { activity, id, workflow, duration } }) => {
    const delayMs = Math.round(duration / 2);
    return WHEN.map((when) => ({ activity, id, workflow, when, delayMs, name: `${variant}: ${when} ${name}` }));
  });
}

/**
 * The points of a good release, without those which a release that is rolled back has as well: both do the same until
 * traffic moves. There it is killed in the middle of each step only, where it leaves half an effect.
 */
export function withoutShared(points: NamedPoint[], good: Trace[], bad: Trace[]): NamedPoint[] {
  const first = good.findIndex(({ activity }) => activity === 'setTraffic');
  const inBoth = new Set(named(bad).map(({ name }) => name));
  const shared = new Set(
    named(good)
      .slice(0, first)
      .filter(({ name }) => inBoth.has(name))
      .map(({ step: { workflow, id } }) => `${workflow} ${id}`),
  );
  return points.filter(({ workflow, id, when }) => when === 'during' || !shared.has(`${workflow} ${id}`));
}

/** Steps with the how manieth of its kind each is. */
function named(steps: Trace[]): { name: string; step: Trace }[] {
  const seen = new Map<string, number>();
  return steps.map((step) => {
    const nth = (seen.get(step.activity) ?? 0) + 1;
    seen.set(step.activity, nth);
    return { name: `${step.activity} ${nth}`, step };
  });
}

/** Spreads points over as few releases as have at most so many each, far apart and never two in one step. */
export function share(points: NamedPoint[], together: number): NamedPoint[][] {
  const releases = Math.max(Math.ceil(points.length / together), WHEN.length);
  const groups = Array.from({ length: releases }, (_, first) => points.filter((_point, at) => at % releases === first));
  return groups.filter((group) => group.length > 0);
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
      Object.assign(raw.canary, { baseline: 'fresh', steps: [{ weight: 1, soak: '200ms' }], inconclusive: 'continue' });
      raw.bake = { soak: '10s' };
    },
  };
}
