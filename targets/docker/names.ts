import type { Group, Scope } from '../../domain/release';

/** The network that belongs to one environment of one app. A dot stands in no app's name, so no two share a name. */
export function networkName({ app, environment }: Scope): string {
  return `spillway.${app}.${environment}`;
}

/** Name of a replica's container; the same on every retry, and like a network's never that of another environment. */
export function containerName(scope: Scope, service: string, group: Group, replica: number): string {
  return `${scope.app}.${scope.environment}.${service}.${group}-${replica}`;
}
