import { availableParallelism } from 'node:os';
import { Lane } from '../support/crash-lane';
import type { Job, Survival } from '../support/crash-lane';
import { crashPoints, share, withoutShared } from '../support/crash-points';
import { report } from '../support/crash-report';
import { startPostgres } from '../support/postgres';
import { startTemporalServer } from '../support/temporal';

/** Apps that are released at the same time: each mostly waits for the engine and for time-outs. */
const LANES = Number(process.env.CRASH_LANES ?? Math.min(2 * availableParallelism(), 8));
/** How often the worker of one release is killed; 1 to find out which point it was. */
const TOGETHER = Number(process.env.CRASH_TOGETHER ?? 6);
/** Only points whose name contains this, to look into one. */
const ONLY = process.env.CRASH_ONLY ?? '';
/** So many releases that do not end show a fault of all of them, and each costs minutes. */
const STUCK_AT_MOST = 4;
/** Also before each step, and what both releases have in common in both of them. */
const FULL = process.env.CRASH_FULL === '1';

/** All points of these. */
function count(all: { points: unknown[] }[]): number {
  return all.reduce((sum, { points }) => sum + points.length, 0);
}

interface Crashing {
  jobs: Job[];
  /** How long an undisturbed release takes, in ms. */
  took: number;
  open: () => Promise<Lane>;
}

/** Runs every job on whichever lane is free. A lane whose release does not end is of no more use, and is replaced. */
async function spread(lanes: Lane[], { jobs, took, open }: Crashing): Promise<Survival[]> {
  const done: Survival[] = [];
  const [all, began] = [jobs.length, Date.now()];
  const work = async (first: Lane) => {
    let lane = first;
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const survival = await lane.run(job, took);
      done.push(survival);
      say(`${done.length} of ${all} releases after ${Math.round((Date.now() - began) / 1_000)} s`);
      if (survival.violations.length > 0) say(`${survival.points.join(', ')}\n  ${survival.violations.join('\n  ')}`);
      if (done.filter(({ stuck }) => stuck).length >= STUCK_AT_MOST) jobs.splice(0);
      if (survival.stuck && jobs.length > 0) lane = await open();
    }
  };
  await allOf(lanes.map(work));
  return done;
}

/** Lets all end before it fails, since what they use is closed then. */
async function allOf<T>(works: Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(works);
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** At once and not when the test ends, so that a run which somebody stops shows how far it came. */
function say(text: string): void {
  process.stderr.write(`matrix: ${text}\n`);
}

async function plan(lane: Lane): Promise<Omit<Crashing, 'open'>> {
  const good = await lane.reference('released');
  const bad = await lane.reference('rolled back');
  const ofGood = crashPoints('released', good.steps, FULL);
  const points = {
    released: FULL ? ofGood : withoutShared(ofGood, good.steps, bad.steps),
    'rolled back': crashPoints('rolled back', bad.steps, FULL),
  };
  const jobs = (['released', 'rolled back'] as const).flatMap((variant) =>
    share(
      points[variant].filter(({ name }) => name.includes(ONLY)),
      TOGETHER,
    ).map((group) => ({ variant, points: group })),
  );
  return { jobs, took: Math.max(good.took, bad.took) };
}

test(
  'a release whose worker is killed, wherever that is, ends as it would have, loses nothing and leaves nothing',
  async () => {
    const closing: (() => Promise<void>)[] = [];
    try {
      const temporal = await startTemporalServer();
      closing.push(() => temporal.stop());
      const postgres = await startPostgres();
      closing.push(() => postgres.stop());
      const open = async (): Promise<Lane> => {
        const lane = await Lane.open({ temporal, postgres });
        closing.push(() => lane.close());
        return lane;
      };
      const lanes = await allOf(Array.from({ length: LANES }, open));

      const { jobs, took } = await plan(lanes[0]!);
      const points = count(jobs);
      const done = await spread(lanes, { jobs, took, open });
      const failed = done.filter((survival) => survival.violations.length > 0);
      const leaks = failed
        .flatMap((survival) => survival.violations)
        .filter((text) => / left behind: |temporary files/.test(text));
      // A part of the points is no report.
      if (!ONLY)
        await report((before) => ({
          ...before,
          points,
          survived: count(done) - count(failed),
          lostAtPoints: done.reduce((sum, { lost }) => sum + lost, 0),
          leaks: leaks.length,
        }));
      expect(failed).toEqual([]);
      expect(count(done)).toBe(points);
    } finally {
      for (const close of closing.reverse()) await close();
    }
  },
  // A lane ends a release that hangs; this ends what hangs elsewhere, such as an engine.
  FULL ? 6 * 60 * 60_000 : 40 * 60_000,
);
