import type { AppConfig } from '../config';

/*
 * Whether the containers of a version have run without a break. A break between two looks leaves its trace: the engine
 * counts what it starts again, and what somebody else started has another start, or is another container. So what is
 * compared is always now with the moment at which the version was healthy, and no look may be missed for it.
 */

/** How a container ran when its version was healthy; plain data that a release carries along. */
export interface Watched {
  service: string;
  container: string;
  id: string;
  /** Milliseconds since the epoch by the engine's clock. */
  startedAt: number;
  restarts: number;
}

/** What of a container is looked at. */
export interface Ran {
  service: string;
  container: string;
  /** The engine's own id: another container of the same name has another one. */
  id: string;
  /** When it may not run beside another version's, or runs to its end; its label says so, whatever a configuration says by now. */
  run?: 'live-only' | 'once';
  /** `restarting`: it ended, and the engine is about to start it again. `exited`: it ended for good. */
  state: 'created' | 'running' | 'restarting' | 'paused' | 'exited';
  exitCode?: number;
  /** The kernel ended it for want of memory. */
  outOfMemory?: true;
  /** What the image's HEALTHCHECK says; absent when there is none, or it does not run. */
  health?: 'healthy' | 'starting' | 'unhealthy';
  /** When it was started last, ms since the epoch by the engine's clock. */
  startedAt?: number;
  /** How often the engine started it again since somebody started it. */
  restarts: number;
}

/** What the containers show; `problem` fails the version. */
export interface Exits {
  problem?: string;
  /** Names of the containers that have the problem. */
  containers: string[];
  /** How often containers ended that were tolerated, in words; empty when none did. */
  tolerated: string;
}

type Services = Record<string, Pick<AppConfig['services'][string], 'health'>>;

/** From here on these are watched. What was not started yet has nothing to watch, and what runs to its end is no server. */
export function watchedOf(containers: readonly Ran[]): Watched[] {
  return containers
    .filter(({ run, startedAt }) => run !== 'once' && startedAt !== undefined)
    .map(({ service, container, id, startedAt = 0, restarts }) => ({ service, container, id, startedAt, restarts }));
}

/**
 * Judges what became of the containers since then. An end is a failure whatever its exit code: a service is to run. Ends
 * after which it was started again are counted by service, and `health.restarts` of them are tolerated.
 */
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

/** What became of the containers of a version that is not judged, in words; empty when all have run without a break. */
export function endsText(since: readonly Watched[], now: readonly Ran[]): string {
  return since
    .map((before) => lookAt(before, now, {}))
    .filter(({ down, times }) => down !== undefined || times > 0)
    .map(textOf)
    .join(', ');
}

/** What became of one container. */
interface Found {
  service: string;
  container: string;
  /** Why it does not run now, or is not the one that was watched. */
  down?: string;
  /** How often it ended and was started again. */
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
  // As in deploy: endpoints decide where there are any.
  const hasEndpoints = (services[before.service]?.health.endpoints ?? []).length > 0;
  return seen.health === 'unhealthy' && !hasEndpoints ? 'is unhealthy, says its HEALTHCHECK' : undefined;
}

function endsOf({ restarts, startedAt }: Watched, seen: Ran): number {
  // Whoever starts it by hand makes the engine count from zero.
  const byEngine = seen.restarts >= restarts ? seen.restarts - restarts : seen.restarts + 1;
  return Math.max(byEngine, seen.startedAt === startedAt ? 0 : 1);
}

/** How it ended, as far as the engine still knows. */
export function endOf({ exitCode, outOfMemory }: Pick<Ran, 'exitCode' | 'outOfMemory'>): string {
  const why = outOfMemory ? ' for want of memory' : '';
  return exitCode === undefined ? why : ` with exit code ${exitCode}${why}`;
}
