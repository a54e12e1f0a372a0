import { UnhealthyFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import { GROUPS } from '../domain/release';
import type { Routing } from '../routers/router';
import type { Replica } from '../targets/replicas';
import type { Target } from '../targets/target';
import type { Step } from './steps';

/** @throws UnhealthyFailure when a replica runs where another group's should, and would get the wrong requests. */
export async function routingOf(
  { config, release }: Pick<Step, 'config'> & { release: Owned & { id?: string } },
  target: Target,
  io: Io,
): Promise<Routing> {
  const found = await Promise.all(GROUPS.map((group) => target.replicas.list(release, group, io)));
  refuseMisplaced(found.flat());
  const { app, environment, id } = release;
  return {
    scope: { app, environment },
    ...(id !== undefined && { release: id }),
    affinity: config.canary.affinity,
    ...(config.canary.testers && { testers: config.canary.testers }),
    services: Object.entries(config.services)
      .filter(([, { traffic }]) => traffic === 'http')
      .map(([service, { routes, timeouts, protocol }]) => {
        const [blue = [], green = [], baseline = []] = found.map((replicas) =>
          replicas.filter((replica) => replica.service === service).flatMap(({ endpoint }) => endpoint ?? []),
        );
        return {
          service,
          routes,
          ...(protocol === 'h2c' && { protocol }),
          ...(timeouts && { silence: timeouts.answer }),
          slots: { blue, green },
          ...(baseline.length > 0 && { baseline }),
        };
      }),
  };
}

/** A restart may have moved a replica to an address where another one belongs. */
function refuseMisplaced(replicas: Replica[]): void {
  const misplaced = replicas.flatMap(({ misplaced }) => misplaced ?? []);
  if (misplaced.length === 0) return;
  throw new UnhealthyFailure(
    `expected every replica where its group belongs, seen ${misplaced.join('; ')}. Then release again; the router was told nothing`,
  );
}

/** Milliseconds. */
export function longestGrace({ services }: Step['config']): number {
  return Math.max(...Object.values(services).map(({ stopGrace }) => stopGrace));
}
