import { watchedOf } from '../domain/containers/exits';
import { ConfigurationFailure } from '../domain/failures';
import { otherSlot } from '../domain/release';
import { greenShare } from '../domain/shares';
import { formatDuration } from '../domain/units';
import type { ServiceSpec } from '../targets/groups';
import type { Replica } from '../targets/replicas';
import { expectUnbroken } from './exits';
import { empty, expectNoTraffic, introduce } from './group-traffic';
import { untilHealthy } from './healthy';
import { withStep, type StepParts } from './io';
import { expectProtocols } from './protocols';
import { noteKept, removeContainers } from './kept-volumes';
import { onceServices, runOnce } from './once';
import type { Parts } from './parts';
import type { Activities } from './steps';

type Deploy = Parameters<Activities['deploySlot']>[0];

export const deployActivities = (parts: Parts): Pick<Activities, 'deploySlot' | 'removeSlot'> => ({
  deploySlot: (input) =>
    withStep(parts, input, async (step) => {
      const { target, io, release } = step;
      const { config, slot, projectDirectory } = input;
      const started = Date.now();
      const services = await specsOf(parts, input);
      await noteKept(input, slot, (id) => id !== release.id, step);
      await start(input, services, step, parts);
      const replicas = await untilHealthy({ release, config, group: slot, projectDirectory, target, io, parts });
      await step.assertFence();
      // An earlier release left them; they have had no traffic since it ended.
      await removeContainers(input, { group: 'baseline' }, step);
      await introduce(input, slot, step, greenShare(slot, 0));
      await expectProtocols(input, replicas, step);
      // A first version that a failed release left may still have its share.
      if (input.firstRelease) await step.router.setGreenShare(release, greenShare(slot, 0), io);
      const deployed = watchedOf(replicas);
      await expectUnbroken({ ...input, deployed }, step, parts);
      return {
        detail: `${countText(replicas)} healthy in ${slot} after ${formatDuration(Date.now() - started)}`,
        deployed,
      };
    }),

  removeSlot: (input) =>
    withStep(parts, input, async (step) => {
      const { target, io, release } = step;
      const { slot } = input;
      const others = await target.replicas.list(release, otherSlot(slot), io);
      if (others.some(({ state }) => state === 'running')) {
        await expectNoTraffic(slot, 'it is removed', step);
        await empty(release, slot, step);
      } else {
        // No other version serves, so a router that does not answer must not hold up the removal.
        await empty(release, slot, step).catch(() => io.signal.throwIfAborted());
      }
      await step.assertFence();
      const removed = await removeContainers(input, { group: slot, releaseId: release.id }, step);
      io.onProgress(`removed ${removed.join(', ') || 'nothing'}`);
      await step.assertFence();
      await step.router.putBack(release, { release: release.id, isLive: others.length > 0 }, io);
    }),
});

/** The jobs run to their end before other containers start, because these may need the results. */
async function start(input: Deploy, services: ServiceSpec[], step: StepParts, parts: Parts): Promise<void> {
  const { target, io, release } = step;
  const { slot, config } = input;
  if (onceServices(config).length === 0) {
    await target.groups.deploy({ release, slot, services }, io);
    return;
  }
  const waiting = services.map((service) => ({ ...service, start: false }));
  await target.groups.deploy({ release, slot, services: waiting }, io);
  await runOnce(input, step, parts);
  const begin = services.filter((spec) => spec.start);
  await Promise.all(begin.map(({ service }) => target.groups.start({ scope: release, group: slot, service }, io)));
}

function countText(replicas: Replica[]): string {
  return `${replicas.length} ${replicas.length === 1 ? 'replica' : 'replicas'}`;
}

/** The specs hold resolved secrets and must not leave this activity. */
function specsOf(parts: Parts, { config, images, projectDirectory }: Deploy): Promise<ServiceSpec[]> {
  const features = Object.entries(config.features).map(([name, value]) => [featureName(name), String(value)] as const);
  return Promise.all(
    Object.entries(config.services).map(async ([service, own]) => {
      const image = images.find((one) => one.service === service);
      if (!image)
        throw new ConfigurationFailure(`expected a built image of ${service}, seen none: build comes before deploy`);
      const resolved = Object.entries(own.env).map(
        async ([name, value]) => [name, await parts.secret(value, projectDirectory)] as const,
      );
      const env = Object.fromEntries([...features, ...(await Promise.all(resolved))]);
      return { service, config: own, image, env, start: own.run !== 'live-only' && own.run !== 'once' };
    }),
  );
}

function featureName(name: string): string {
  return `FEATURE_${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
}
