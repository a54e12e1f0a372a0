import type { MetricVerdict } from '../release';

/** Null stands for all services together. */
export type Subject = Extract<NonNullable<MetricVerdict['about']>, { service: string | null }>;

export type RouterVerdict = MetricVerdict & { about: Subject };

export function serviceName(service: string | null): string {
  return service ?? 'all services';
}

export function subjectName({ kind, service }: Subject): string {
  return `${kind} ${serviceName(service)}`;
}
