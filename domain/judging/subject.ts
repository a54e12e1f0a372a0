import type { MetricVerdict } from '../release';

/** What the router counts, and a verdict is about: a service, or (null) all services together. */
export type Subject = Extract<NonNullable<MetricVerdict['about']>, { service: string | null }>;

/** A verdict from what the router counted. */
export type RouterVerdict = MetricVerdict & { about: Subject };

/** A service for people; null is all of them together. */
export function serviceName(service: string | null): string {
  return service ?? 'all services';
}

/** The name of a verdict, and of what was measured for it: `errors web`. */
export function subjectName({ kind, service }: Subject): string {
  return `${kind} ${serviceName(service)}`;
}
