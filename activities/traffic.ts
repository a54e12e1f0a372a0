import { setTimeout as sleep } from 'node:timers/promises';
import { groupBeside } from '../domain/fresh';
import { endOf, judgeExits, watchedOf } from '../domain/containers/exits';
import { RouterFailure, UnhealthyFailure } from '../domain/failures';
import { otherSlot, type Slot } from '../domain/release';
import { freshShare, greenShare, slotShare } from '../domain/shares';
import type { RouterCapabilities } from '../domain/router';
import type { Trial } from '../routers/router';
import type { Replica } from '../targets/replicas';
import { within } from '../waiting/within';
import { comparedCounters } from './counters';
import { expectUnbroken } from './exits';
import { untilHealthy } from './healthy';
import { withStep, type StepParts } from './io';
import type { Parts } from './parts';
import { longestGrace } from './routing';
import type { Activities } from './steps';

/** A container that was started again must run for this long. */
const KEEPS_RUNNING_MS = 1_000;

type Move = Parameters<Activities['moveLiveOnly']>[0];

/** Each activity is its own undo, with the slots the other way round. */
export const trafficActivities = (parts: Parts): Pick<Activities, 'setTraffic' | 'moveLiveOnly'> => ({
  setTraffic: (input) =>
    withStep(parts, input, async (step) => {
      const { router, io, assertFence } = step;
      const { release, slot, share } = input;
      await expectUnbroken(input, step, parts);
      await assertFence();
      await router.setGreenShare(release, greenShare(slot, share), io, trialOf(input, router.capabilities));
      const green = await router.greenShare(release, io);
      if (green === undefined) {
        throw new RouterFailure(
          `expected the router to know ${release.app}/${release.environment} after its share was set, it does not; deploy again`,
        );
      }
      const counters = router.capabilities.counters ? await comparedCounters(router, input, io) : null;
      return { share: slotShare(slot, green), counters };
    }),

  moveLiveOnly: (input) =>
    withStep(parts, input, async (step) => {
      const leaving = await liveOnly(input, otherSlot(input.to), step);
      await Promise.all(leaving.filter(mayRun).map((replica) => finish(input, replica, step)));
      const left = (await liveOnly(input, otherSlot(input.to), step)).filter(mayRun);
      if (left.length > 0) throw notMoved(left, 'to have stopped');
      await step.assertFence();
      const arriving = (await liveOnly(input, input.to, step)).filter(({ container }) => !isLeft(input, container));
      const idle = arriving.filter((replica) => replica.state !== 'running');
      for (const one of idle) await step.target.groups.start({ scope: step.release, ...one }, step.io);
      if (!input.back) return { deployed: watchedOf(await untilWell(input, step, parts)) };
      if (idle.length > 0) await keepRunning(input, step);
      return { deployed: [] };
    }),
});

function isLeft({ back }: Move, container: string): boolean {
  return back?.down.includes(container) ?? false;
}

async function untilWell({ config, to, projectDirectory }: Move, { target, io, release }: StepParts, parts: Parts) {
  if (!Object.values(config.services).some(({ run }) => run === 'live-only')) return [];
  return untilHealthy({ release, config, group: to, only: 'live-only', projectDirectory, target, io, parts });
}

/** This configuration knows no health checks of the old version, so its containers only must not end at once. */
async function keepRunning(input: Move, step: StepParts): Promise<void> {
  const look = async (): Promise<Replica[]> => {
    const back = (await liveOnly(input, input.to, step)).filter(
      // A container that looped before the release loops again.
      ({ container }) => !isLeft(input, container) && !input.back?.loops.includes(container),
    );
    const missing = back.filter(({ state }) => state !== 'running');
    if (missing.length > 0) throw notMoved(missing, 'to run');
    return back;
  };
  const before = await look();
  await sleep(KEEPS_RUNNING_MS, undefined, { signal: step.io.signal });
  const after = await look();
  const { problem, containers } = judgeExits(watchedOf(before), after, {});
  if (problem === undefined) return;
  throw notMoved(
    after.filter(({ container }) => containers.includes(container)),
    'to keep running',
  );
}

/** A share of 0 or 100, as after an undo, has neither testers nor mirror nor baseline. */
function trialOf({ config, slot, share }: Parameters<Activities['setTraffic']>[0], can: RouterCapabilities): Trial {
  if (share === 0 || share === 100) return {};
  const { testers, mirror } = config.canary;
  const isBesideFresh = groupBeside(config, slot, share) === 'baseline';
  return {
    ...(testers && { testers: slot }),
    ...(mirror && can.mirror && { mirror: slot }),
    ...(isBesideFresh && { baseline: { of: otherSlot(slot), share: freshShare(share) } }),
  };
}

/** A service counts when its own label or this configuration says so: neither kind may run twice. */
async function liveOnly({ config }: Move, slot: Slot, { target, io, release }: StepParts): Promise<Replica[]> {
  const found = await target.replicas.list(release, slot, io);
  return found.filter(
    ({ run, service }) => run !== 'once' && (run === 'live-only' || config.services[service]?.run === 'live-only'),
  );
}

function mayRun({ state }: Replica): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused';
}

async function finish({ config }: Move, replica: Replica, { target, io, release }: StepParts): Promise<void> {
  const { service, container, state } = replica;
  const of = { scope: release, ...replica };
  // The configuration says nothing of a service that it no longer has.
  const { finish: hook, stopGrace } = config.services[service] ?? {
    finish: undefined,
    stopGrace: longestGrace(config),
  };
  if (hook && state === 'running') {
    io.onProgress(`${container} finishes its job`);
    const finishing = within({ signal: io.signal, limit: stopGrace }, (signal) =>
      target.replicas.exec(of, hook, { ...io, signal }),
    );
    const end = await finishing.then(
      ({ exitCode }) => `ended with exit code ${exitCode}`,
      (error: Error) => `did not end: ${error.message}`,
    );
    io.signal.throwIfAborted();
    io.onProgress(`the finish hook of ${container} ${end}`);
  }
  await target.groups.stop(of, stopGrace, io);
}

function notMoved(replicas: Replica[], expected: string): UnhealthyFailure {
  const seen = replicas.map((replica) => `${replica.container} ${replica.state}${endOf(replica)}`);
  return new UnhealthyFailure(
    `expected the live-only containers ${expected}, seen ${seen.join(', ')}; look at their logs`,
  );
}
