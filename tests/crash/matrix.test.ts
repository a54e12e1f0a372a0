import { crashPoints, Lane } from '../support/crash-lane';
import type { Survival, Variant } from '../support/crash-lane';
import type { CrashPoint } from '../support/crash-worker';
import { report } from '../support/crash-report';
import { startPostgres } from '../support/postgres';
import { startTemporalServer } from '../support/temporal';

/** Apps that are released at the same time. */
const LANES = Number(process.env.CRASH_LANES ?? 3);
/** Only points whose name contains this, to look into one. */
const ONLY = process.env.CRASH_ONLY ?? '';

/** Runs every job on whichever lane is free. */
async function spread(lanes: Lane[], jobs: [Variant, CrashPoint][]): Promise<Survival[]> {
  const done: Survival[] = [];
  const work = async (lane: Lane) => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const survival = await lane.run(...job);
      done.push(survival);
      if (survival.violations.length > 0) console.error(`${survival.point}\n  ${survival.violations.join('\n  ')}`);
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

      const jobs: [Variant, CrashPoint][] = [];
      for (const variant of ['released', 'rolled back'] as const) {
        const steps = await lanes[0]!.reference(variant);
        for (const point of crashPoints(steps))
          if (`${variant}: ${point.when} ${point.activity} ${point.nth}`.includes(ONLY)) jobs.push([variant, point]);
      }
      const points = jobs.length;
      const done = await spread(lanes, jobs);
      const failed = done.filter((survival) => survival.violations.length > 0);
      const leaks = failed
        .flatMap((survival) => survival.violations)
        .filter((text) => / left behind: |temporary files/.test(text));
      await report((before) => ({
        ...before,
        points,
        survived: done.length - failed.length,
        lostRequests: done.reduce((sum, { lost }) => sum + lost, 0),
        leaks: leaks.length,
      }));
      expect(failed).toEqual([]);
      expect(done).toHaveLength(points);
    } finally {
      for (const close of closing.reverse()) await close();
    }
  },
  20 * 60_000,
);
