import { baselineShare, groupBeside } from '../domain/baseline';
import { RouterFailure, UnhealthyFailure } from '../domain/failures';
import { greenShare, otherSlot, type Slot } from '../domain/release';
import type { RouterCapabilities, Trial } from '../routers/router';
import type { Replica } from '../targets/target';
import { comparedCounters } from './counters';
import { withStep, type StepParts } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

type Move = Parameters<Activities['moveLiveOnly']>[0];

/** Moves what users and jobs meet from one slot to the other. Both are their own undo, the other way round. */
export const trafficActivities = (parts: Parts): Pick<Activities, 'setTraffic' | 'moveLiveOnly'> => ({
  setTraffic: (input) =>
    withStep(parts, input, async ({ router, io, assertFence }) => {
      const { release, slot, share } = input;
      await assertFence();
      await router.setGreenShare(release, greenShare(slot, share), io, trialOf(input, router.capabilities));
      const green = await router.greenShare(release, io);
      if (green === undefined) {
        throw new RouterFailure(
          `expected the router to know ${release.app}/${release.environment} after its share was set, it does not; deploy again`,
        );
      }
      const counters = router.capabilities.counters ? await comparedCounters(router, input, io) : null;
      return { share: slot === 'green' ? green : 100 - green, counters };
    }),

  moveLiveOnly: (input) =>
    withStep(parts, input, async (step) => {
      const leaving = await liveOnly(input, otherSlot(input.to), step);
      await Promise.all(leaving.filter(isRunning).map((replica) => finish(input, replica, step)));
      const left = (await liveOnly(input, otherSlot(input.to), step)).filter(isRunning);
      if (left.length > 0) throw notMoved(left, 'to have stopped');
      await step.assertFence();
      for (const { container } of (await liveOnly(input, input.to, step)).filter((replica) => !isRunning(replica))) {
        await step.target.startContainer(container, step.io);
      }
      const missing = (await liveOnly(input, input.to, step)).filter((replica) => !isRunning(replica));
      if (missing.length > 0) throw notMoved(missing, 'to run');
    }),
});

/** These are for a slot that has a part of the traffic: all and nothing, as after an undo, leave none of them. */
function trialOf({ config, slot, share }: Parameters<Activities['setTraffic']>[0], can: RouterCapabilities): Trial {
  if (share === 0 || share === 100) return {};
  const { testers, mirror } = config.canary;
  const isBesideBaseline = groupBeside(config, slot, share) === 'baseline';
  return {
    ...(testers && { testers: slot }),
    ...(mirror && can.mirror && { mirror: slot }),
    ...(isBesideBaseline && { baseline: { of: otherSlot(slot), share: baselineShare(share) } }),
  };
}

async function liveOnly({ config }: Move, slot: Slot, { target, io, release }: StepParts): Promise<Replica[]> {
  const replicas = await target.replicas(release, slot, io);
  return replicas.filter(({ service }) => config.services[service]?.run === 'live-only');
}

function isRunning({ state }: Replica): boolean {
  return state === 'running';
}

/** Lets the hook bring the job to an end, then stops the container; each within the grace of its service. */
async function finish({ config }: Move, { service, container }: Replica, { target, io }: StepParts): Promise<void> {
  const { finish: hook, stopGrace } = config.services[service]!;
  if (hook) {
    io.onProgress(`${container} finishes its job`);
    const bounded = { ...io, signal: AbortSignal.any([io.signal, AbortSignal.timeout(stopGrace)]) };
    const end = await target.exec(container, hook, bounded).then(
      ({ exitCode }) => `ended with exit code ${exitCode}`,
      (error: Error) => `did not end: ${error.message}`,
    );
    io.signal.throwIfAborted();
    io.onProgress(`the finish hook of ${container} ${end}`);
  }
  await target.stopContainer(container, stopGrace, io);
}

function notMoved(replicas: Replica[], expected: string): UnhealthyFailure {
  const seen = replicas.map(({ container, state, exitCode }) =>
    exitCode === undefined ? `${container} ${state}` : `${container} ${state} with exit code ${exitCode}`,
  );
  return new UnhealthyFailure(
    `expected the live-only containers ${expected}, seen ${seen.join(', ')}; look at their logs`,
  );
}
