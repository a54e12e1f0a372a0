import type { AppConfig } from '../config';

// Judges whether containers ran without a break. The engine counts its restarts, and any other start shows in the time
// or id. So each look compares with the moment when the version was healthy, and none can miss a break.

/** Plain data, which a release carries along. */
export interface Watched {
  service: string;
  container: string;
  id: string;
  startedAt: number;
  restarts: number;
}

export interface Ran {
  service: string;
  container: string;
  /** Another container of the same name has another id. */
  id: string;
  /** From the container's label, since the configuration may have changed. */
  run?: 'live-only' | 'once';
  /** `restarting`: the engine is about to start it again. `exited`: it ended for good. */
  state: 'created' | 'running' | 'restarting' | 'paused' | 'exited';
  exitCode?: number;
  outOfMemory?: true;
  /** From the image's HEALTHCHECK; absent when there is none, or it does not run. */
  health?: 'healthy' | 'starting' | 'unhealthy';
  /** Milliseconds since the epoch by the engine's clock. */
  startedAt?: number;
  /** The engine counts these from the last start by somebody else. */
  restarts: number;
}

interface Exits {
  problem?: string;
  containers: string[];
  /** Tells of ends that were tolerated; empty when there were none. */
  tolerated: string;
}

type Services = Record<string, Pick<AppConfig['services'][string], 'health'>>;

/** Watches containers from here on, except those not started yet and jobs, which are to end. */
export function watchedOf(containers: readonly Ran[]): Watched[] {
  return containers
    .filter(({ run, startedAt }) => run !== 'once' && startedAt !== undefined)
    .map(({ service, container, id, startedAt = 0, restarts }) => ({ service, container, id, startedAt, restarts }));
}

/** Fails on containers that do not run, and on restarts beyond `health.restarts`, whatever the exit codes. */
export function judgeExits(since: readonly Watched[], now: readonly Ran[], services: Services): Exits {
  const found = since.map((before) => lookAt(before, now, services));
  const isTooMany = ({ service, times }: Found): boolean => times > 0 && endsIn(found, service) > allowed(service);
  function allowed(service: string): number {
    return services[service]?.health.restarts ?? 0;
  }
  const bad = found.filter((one) => one.down !== undefined || isTooMany(one));
  const told = found.filter((one) => one.down !== undefined || one.times > 0).map((one) => textOf(one));
  if (bad.length === 0) return { containers: [], tolerated: told.join(', ') };
  const why = bad.map((one) =>
    one.down === undefined
      ? `${textOf(one)} (services.${one.service}.health.restarts allows ${allowed(one.service)})`
      : textOf(one),
  );
  const problem = `expected every container of the new version to keep running, seen: ${why.join(', ')}`;
  return { problem, containers: bad.map(({ container }) => container), tolerated: '' };
}

/** Tells what became of containers that are not judged; empty when all have run without a break. */
export function endsText(since: readonly Watched[], now: readonly Ran[]): string {
  return since
    .map((before) => lookAt(before, now, {}))
    .filter(({ down, times }) => down !== undefined || times > 0)
    .map(textOf)
    .join(', ');
}

interface Found {
  service: string;
  container: string;
  /** Why it does not run now, or is not the one that was watched. */
  down?: string;
  times: number;
  end: string;
}

function lookAt(before: Watched, now: readonly Ran[], services: Services): Found {
  const { service, container } = before;
  const seen = now.find((one) => one.container === container);
  const down = downBecause(before, seen, services);
  const isSame = seen !== undefined && seen.id === before.id;
  return {
    ...{ service, container },
    ...(down !== undefined && { down }),
    times: isSame ? endsOf(before, seen) : 0,
    end: seen ? endOf(seen) : '',
  };
}

function textOf({ container, down, times, end }: Found): string {
  if (down !== undefined) return `${container} ${down}`;
  return `${container} ended ${times === 1 ? 'once' : `${times} times`}${end} and was started again`;
}

function endsIn(found: Found[], service: string): number {
  return found.filter((one) => one.service === service).reduce((sum, { times }) => sum + times, 0);
}

function downBecause(before: Watched, seen: Ran | undefined, services: Services): string | undefined {
  if (!seen) return 'is gone: somebody removed it';
  if (seen.id !== before.id) return 'is another container by now: somebody made it anew';
  if (seen.state === 'exited' || seen.state === 'created') return `ended${endOf(seen)} and was not started again`;
  if (seen.state === 'paused') return 'is paused';
  // Endpoints decide where there are any, as in deploy.
  const hasEndpoints = (services[before.service]?.health.endpoints ?? []).length > 0;
  return seen.health === 'unhealthy' && !hasEndpoints ? 'is unhealthy, says its HEALTHCHECK' : undefined;
}

function endsOf({ restarts, startedAt }: Watched, seen: Ran): number {
  // The engine counts from zero after somebody starts it by hand.
  const byEngine = seen.restarts >= restarts ? seen.restarts - restarts : seen.restarts + 1;
  return Math.max(byEngine, seen.startedAt === startedAt ? 0 : 1);
}

export function endOf({ exitCode, outOfMemory }: Pick<Ran, 'exitCode' | 'outOfMemory'>): string {
  const why = outOfMemory ? ' for want of memory' : '';
  return exitCode === undefined ? why : ` with exit code ${exitCode}${why}`;
}
