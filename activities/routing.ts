import { groupOfAddress } from '../domain/addresses';
import type { Endpoint } from '../domain/endpoint';
import { RouterFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Group } from '../domain/release';
import { GROUPS } from '../domain/release';
import type { Routing } from '../routers/router';
import type { Replica, Target } from '../targets/target';
import type { Step } from './steps';

/**
 * What the router should know of an environment: the routes of the configuration, and the containers that are there.
 *
 * @throws RouterFailure when a container runs at an address of another group: its version would get the wrong requests.
 */
export async function routingOf(
  { config, release }: Pick<Step, 'config'> & { release: Owned },
  target: Target,
  io: Io,
): Promise<Routing> {
  const found = await Promise.all(GROUPS.map((group) => target.replicas(release, group, io)));
  GROUPS.forEach((group, index) => refuseMisplaced(group, found[index]!));
  const { app, environment } = release;
  return {
    scope: { app, environment },
    affinity: config.canary.affinity,
    ...(config.canary.testers && { testers: config.canary.testers }),
    services: Object.entries(config.services)
      .filter(([, { traffic }]) => traffic === 'http')
      .map(([service, { routes, port }]) => {
        const [blue, green, baseline] = found.map((replicas) =>
          replicas
            // What is on no network of the environment cannot be reached.
            .filter((replica) => replica.service === service && replica.address !== '')
            .map(({ address, port: own }) => ({ on: 'docker' as const, address, port: own ?? port }))
            .filter((backend): backend is Endpoint => backend.port !== undefined),
        ) as [Endpoint[], Endpoint[], Endpoint[]];
        return { service, routes, slots: { blue, green }, ...(baseline.length > 0 && { baseline }) };
      }),
  };
}

/** The engine's word is compared with the label after every restart, by whoever tells the router next. */
function refuseMisplaced(group: Group, replicas: Replica[]): void {
  const running = replicas.filter(({ state, address }) => state === 'running' && address !== '');
  const misplaced = running.filter(({ address }) => groupOfAddress(address) !== group);
  if (misplaced.length === 0) return;
  const seen = misplaced.map(({ container, address }) => `${container} at ${address}`).join(', ');
  throw new RouterFailure(
    `expected every container of ${group} at an address that is reserved for ${group}, seen ${seen}: ` +
      'remove it with `docker rm --force`, then release again; the router was told nothing',
  );
}

/** Longest time in ms that a container of any service may take to stop. */
export function longestGrace({ services }: Step['config']): number {
  return Math.max(...Object.values(services).map(({ stopGrace }) => stopGrace));
}
