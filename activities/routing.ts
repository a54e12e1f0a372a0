import type { Io } from '../domain/host';
import type { Slot } from '../domain/release';
import { SLOTS } from '../domain/release';
import type { Routing } from '../routers/router';
import type { Replica, Target } from '../targets/target';
import type { Step } from './steps';

/** What the router should know of an environment: the routes of the configuration, and the containers that are there. */
export async function routingOf(
  { config, release }: Pick<Step, 'config' | 'release'>,
  target: Target,
  io: Io,
): Promise<Routing> {
  const [blue, green] = await Promise.all(SLOTS.map((slot) => target.replicas(release, slot, io)));
  const slots: Record<Slot, Replica[]> = { blue: blue ?? [], green: green ?? [] };
  const { app, environment } = release;
  return {
    scope: { app, environment },
    affinity: config.canary.affinity,
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

/** Longest time in ms that a container of any service may take to stop. */
export function longestGrace({ services }: Step['config']): number {
  return Math.max(...Object.values(services).map(({ stopGrace }) => stopGrace));
}
