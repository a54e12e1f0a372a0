import { slotOfAddress } from '../domain/addresses';
import { RouterFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Slot } from '../domain/release';
import { SLOTS } from '../domain/release';
import type { Routing } from '../routers/router';
import type { Replica, Target } from '../targets/target';
import type { Step } from './steps';

/**
 * What the router should know of an environment: the routes of the configuration, and the containers that are there.
 *
 * @throws RouterFailure when a container runs at an address of the other slot: its version would get the wrong requests.
 */
export async function routingOf(
  { config, release }: Pick<Step, 'config' | 'release'>,
  target: Target,
  io: Io,
): Promise<Routing> {
  const [blue, green] = await Promise.all(SLOTS.map((slot) => target.replicas(release, slot, io)));
  const slots: Record<Slot, Replica[]> = { blue: blue ?? [], green: green ?? [] };
  for (const slot of SLOTS) refuseMisplaced(slot, slots[slot]);
  const { app, environment } = release;
  return {
    scope: { app, environment },
    affinity: config.canary.affinity,
    ...(config.canary.testers && { testers: config.canary.testers }),
    services: Object.entries(config.services)
      .filter(([, { traffic }]) => traffic === 'http')
      .map(([service, { routes, port }]) => {
        const backends = (slot: Slot) =>
          slots[slot]
            .filter((replica) => replica.service === service)
            .map(({ address, port: own }) => ({ address, port: own ?? port }))
            .filter((backend): backend is { address: string; port: number } => backend.port !== undefined);
        return { service, routes, slots: { blue: backends('blue'), green: backends('green') } };
      }),
  };
}

/** The engine's word is compared with the label after every restart, by whoever tells the router next. */
function refuseMisplaced(slot: Slot, replicas: Replica[]): void {
  const running = replicas.filter(({ state }) => state === 'running');
  const misplaced = running.filter(({ address }) => slotOfAddress(address) !== slot);
  if (misplaced.length === 0) return;
  const seen = misplaced.map(({ container, address }) => `${container} at ${address || 'none'}`).join(', ');
  throw new RouterFailure(
    `expected every container of ${slot} at an address that is reserved for ${slot}, seen ${seen}: ` +
      'remove it with `docker rm --force`, then release again; the router was told nothing',
  );
}

/** Longest time in ms that a container of any service may take to stop. */
export function longestGrace({ services }: Step['config']): number {
  return Math.max(...Object.values(services).map(({ stopGrace }) => stopGrace));
}
