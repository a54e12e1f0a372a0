import { makesFresh } from '../domain/fresh';
import type { Io } from '../domain/host';
import type { Group, Scope } from '../domain/release';
import type { Router } from '../routers/router';
import { until } from '../waiting/until';
import { serverClock } from './clock';
import { expectNoTraffic } from './group-traffic';
import { withStep } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

const POLL_MS = 100;

/** Waits until nothing is in flight, at most until the cap. It closes nothing. */
export const drainActivities = (parts: Parts): Pick<Activities, 'drainSlot'> => ({
  drainSlot: (input) =>
    withStep(parts, input, async ({ router, io }) => {
      const { release, config, slot, cap } = input;
      const clock = serverClock();
      await expectNoTraffic(slot, 'it is drained', { router, io, release });
      const groups: Group[] = makesFresh(config, false) ? [slot, 'baseline'] : [slot];
      let left: number | null = null;
      await until({ signal: io.signal, pause: POLL_MS, limit: cap, clock }, async () => {
        left = await inFlight(router, release, groups, io);
        if (left === 0) return true;
        io.onProgress(`${left ?? 'perhaps some'} in flight`);
      });
      return { left, waited: Math.round(clock()) };
    }),
});

/** Answers null where the router does not count sessions. */
async function inFlight({ sessions }: Router, scope: Scope, groups: Group[], io: Io): Promise<number | null> {
  if (!sessions) return null;
  const counts = await Promise.all(groups.map((group) => sessions.count(scope, group, io)));
  return counts.reduce((sum, one) => sum + one, 0);
}
