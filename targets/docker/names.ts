import type { Group, Scope } from '../../domain/release';

/** App names have no dots, so no two environments share a name. */
export function networkName({ app, environment }: Scope): string {
  return `spillway.${app}.${environment}`;
}

/** The name is the same on every retry, and no other environment has it. */
export function containerName(scope: Scope, service: string, group: Group, replica: number): string {
  return `${scope.app}.${scope.environment}.${service}.${group}-${replica}`;
}
