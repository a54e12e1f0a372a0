import type Docker from 'dockerode';
import type { Healthcheck } from '../../domain/containers/healthcheck';

const NANOSECONDS = 1e6;
const SECOND = 1_000;

/** Answers undefined where there is none, or `HEALTHCHECK NONE`. */
export function healthcheckOf(check: Docker.HealthConfig | undefined): Healthcheck | undefined {
  if (!check?.Test?.length || check.Test[0] === 'NONE') return undefined;
  return {
    interval: milliseconds(check.Interval, 30 * SECOND),
    timeout: milliseconds(check.Timeout, 30 * SECOND),
    startPeriod: milliseconds(check.StartPeriod, 0),
    startInterval: milliseconds(check.StartInterval, 5 * SECOND),
    retries: check.Retries || 3,
  };
}

/** Zero means that the engine's own value applies. */
function milliseconds(nanoseconds: number | undefined, standard: number): number {
  return nanoseconds ? nanoseconds / NANOSECONDS : standard;
}
