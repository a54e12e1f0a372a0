import { setTimeout as sleep } from 'node:timers/promises';
import { makesFresh } from '../domain/fresh';
import { RouterFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Group, Scope } from '../domain/release';
import { greenShare } from '../domain/shares';
import type { Router } from '../routers/router';
import { serverClock } from './clock';
import { withStep } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

const POLL_MS = 100;

/** Waits for a condition, not for the clock: until nothing is in flight, at most until the cap. Closes nothing. */
export const drainActivities = (parts: Parts): Pick<Activities, 'drainSlot'> => ({
  drainSlot: (input) =>
    withStep(parts, input, async ({ router, io }) => {
      const { release, config, slot, cap } = input;
      const clock = serverClock();
      const share = await router.greenShare(release, io);
      if (share !== undefined && share !== greenShare(slot, 0)) {
        throw new RouterFailure(
          `expected ${slot} to get no new requests before it is drained, seen ${share} % going to green; give it no share first`,
        );
      }
      const groups: Group[] = makesFresh(config, false) ? [slot, 'baseline'] : [slot];
      for (;;) {
        const left = await inFlight(router, release, groups, io);
        const waited = Math.round(clock());
        if (left === 0 || waited >= cap) return { left, waited };
        io.onProgress(`${left ?? 'perhaps some'} in flight`);
        await sleep(Math.min(POLL_MS, cap - waited), undefined, { signal: io.signal });
      }
    }),
});

/** Null where the router does not know. */
async function inFlight({ sessions }: Router, scope: Scope, groups: Group[], io: Io): Promise<number | null> {
  if (!sessions) return null;
  const counts = await Promise.all(groups.map((group) => sessions.count(scope, group, io)));
  return counts.reduce((sum, one) => sum + one, 0);
}
