import type { HealthConfig } from '../config';
import type { Finding } from '../preflight';
import { formatDuration } from '../units';

/** What an image or container says of its HEALTHCHECK, in ms; what it leaves out is Docker's own. */
export interface Healthcheck {
  interval: number;
  timeout: number;
  startPeriod: number;
  /** Time between two probes in the start period. */
  startInterval: number;
  /** So many probes must fail one after another, outside of the start period. */
  retries: number;
}

type Patience = Pick<HealthConfig, 'attempts' | 'interval' | 'endpoints'>;

const ATTEMPTS = 10;
const INTERVAL_MS = 1_000;

/** Steps that wait for health may take 15 minutes, which other work in them shares. */
export const MOST_PATIENCE_MS = 14 * 60_000;

export function pollInterval({ interval = INTERVAL_MS }: Pick<Patience, 'interval'>): number {
  return interval;
}

/** The longest that the engine may take to call a container healthy or unhealthy. */
export function longestVerdict({ interval, timeout, startPeriod, retries }: Healthcheck): number {
  // A probe that began in the start period does not count, however late it ends.
  const uncounted = startPeriod > 0 ? startPeriod + timeout : 0;
  return uncounted + retries * (interval + timeout);
}

/** Milliseconds in which the engine hears of the quickest probe. */
const QUICKEST_PROBE = 250;

/** The engine asks no container sooner. */
export function firstProbe({ interval, startPeriod, startInterval }: Healthcheck): number {
  return startPeriod > 0 ? Math.min(interval, startInterval) : interval;
}

/** How long a container may take to get healthy: as long as the configuration says, or else as its image needs. */
export function patienceOf(health: Patience, check: Healthcheck | undefined): number {
  return Math.min(wantedPatience(health, check), MOST_PATIENCE_MS);
}

/** Says how long the container may take, and refuses what can never be healthy in its time. */
export function judgeWaiting(service: string, health: Patience, check: Healthcheck | undefined): Finding {
  if (!check || health.endpoints.length > 0) return { note: '' };
  const [patience, wanted, first] = [patienceOf(health, check), wantedPatience(health, check), firstProbe(check)];
  const time = formatDuration(patience);
  if (patience < first + QUICKEST_PROBE) {
    return {
      problem:
        `expected more than ${formatDuration(first)} to get healthy, since the HEALTHCHECK of the image is asked for the first time then, ` +
        `seen ${time}: raise services.${service}.health.attempts, or leave it out`,
    };
  }
  if (wanted <= MOST_PATIENCE_MS) return { note: `healthy within ${time}, by its HEALTHCHECK` };
  return {
    note: `it may take ${formatDuration(wanted)} to get healthy, but deploy waits for ${time} at most`,
    warning: true,
  };
}

function wantedPatience(health: Patience, check: Healthcheck | undefined): number {
  const asked = (health.attempts ?? ATTEMPTS) * pollInterval(health);
  if (health.attempts !== undefined || !check) return asked;
  // The endpoints decide, but the image still says how long it takes to start.
  if (health.endpoints.length > 0) return asked + check.startPeriod;
  return Math.max(asked, longestVerdict(check));
}
