import { setTimeout as sleep } from 'node:timers/promises';
import { RouterFailure } from '../domain/failures';
import { greenShare } from '../domain/release';
import { serverClock } from './clock';
import { withStep } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

const POLL_MS = 100;

/** Waits for a condition, not for the clock: until nothing is in flight, at most until the cap. Closes nothing. */
export const drainActivities = (parts: Parts): Pick<Activities, 'drainSlot'> => ({
  drainSlot: (input) =>
    withStep(parts, input, async ({ router, io }) => {
      const { release, slot, cap } = input;
      const clock = serverClock();
      const share = await router.greenShare(release, io);
      if (share !== undefined && share !== greenShare(slot, 0)) {
        throw new RouterFailure(
          `expected ${slot} to get no new requests before it is drained, seen ${share} % going to green; give it no share first`,
        );
      }
      for (;;) {
        const left = await router.sessions(release, slot, io);
        const waited = Math.round(clock());
        if (left === 0 || waited >= cap) return { left, waited };
        io.onProgress(`${left} in flight`);
        await sleep(Math.min(POLL_MS, cap - waited), undefined, { signal: io.signal });
      }
    }),
});
