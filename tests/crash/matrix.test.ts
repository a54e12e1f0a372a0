import { crashPoints, Lane, share } from '../support/crash-lane';
import type { Job, Survival } from '../support/crash-lane';
import { report } from '../support/crash-report';
import { startPostgres } from '../support/postgres';
import { startTemporalServer } from '../support/temporal';

/** Apps that are released at the same time. */
const LANES = Number(process.env.CRASH_LANES ?? 4);
/** How often the worker of one release is killed; 1 to find out which point it was. */
const TOGETHER = Number(process.env.CRASH_TOGETHER ?? 6);
/** Only points whose name contains this, to look into one. */
const ONLY = process.env.CRASH_ONLY ?? '';

/** All points of these. */
function count(all: { points: unknown[] }[]): number {
  return all.reduce((sum, { points }) => sum + points.length, 0);
}

/** Runs every job on whichever lane is free. */
async function spread(lanes: Lane[], jobs: Job[]): Promise<Survival[]> {
  const done: Survival[] = [];
  const work = async (lane: Lane) => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const survival = await lane.run(job);
      done.push(survival);
      if (survival.violations.length > 0)
        console.error(`${survival.points.join(', ')}\n  ${survival.violations.join('\n  ')}`);
    }
  };
  await Promise.all(lanes.map(work));
  return done;
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
      const opened = await Promise.allSettled(Array.from({ length: LANES }, () => Lane.open({ temporal, postgres })));
      const lanes = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      for (const lane of lanes) closing.push(() => lane.close());
      for (const one of opened) if (one.status === 'rejected') throw one.reason;

      const jobs: Job[] = [];
      for (const variant of ['released', 'rolled back'] as const) {
        const steps = await lanes[0]!.reference(variant);
        const points = crashPoints(variant, steps).filter(({ name }) => name.includes(ONLY));
        jobs.push(...share(points, TOGETHER).map((group) => ({ variant, points: group })));
      }
      const points = count(jobs);
      const done = await spread(lanes, jobs);
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
  20 * 60_000,
);
