import { setTimeout as sleep } from 'node:timers/promises';
import { makesFresh } from '../domain/fresh';
import { RouterFailure } from '../domain/failures';
import type { Group } from '../domain/release';
import { greenShare } from '../domain/shares';
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
        const inFlight = await Promise.all(groups.map((group) => router.sessions(release, group, io)));
        const left = inFlight.reduce((sum, one) => sum + one, 0);
        const waited = Math.round(clock());
        if (left === 0 || waited >= cap) return { left, waited };
        io.onProgress(`${left} in flight`);
        await sleep(Math.min(POLL_MS, cap - waited), undefined, { signal: io.signal });
      }
    }),
});
