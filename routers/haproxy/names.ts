import type { Group, Scope } from '../../domain/release';
import { scopeKey } from '../on-host/fragments';

/* What things are called in HAProxy's configuration, and by those who ask a running HAProxy about them. */

/** Variable of the process that holds the hash of the configuration it runs. */
export const HASH_VARIABLE = 'proc.spillway_config';
/** Variable of the process that holds when it started, in µs: process ids are used again, this is not. */
export const START_VARIABLE = 'proc.spillway_start';

/** Written last, since it refers to all others. */
export const FRONTENDS_FILE = '90-frontends.cfg';

export function backendName(scope: Scope, service: string, group: Group): string {
  return `${scopeKey(scope)}.${service}.${group}`;
}

export function latencyTable(scope: Scope): string {
  return `${scopeKey(scope)}.latency`;
}

/** Cookie that holds a visitor's draw, 0–99; never a slot's name. */
export function cookieName(scope: Scope): string {
  return `spillway.${scopeKey(scope)}`;
}

export function mapFile(directory: string, scope: Scope): string {
  return `${directory}/maps/${scopeKey(scope)}.map`;
}

export function environmentFile(scope: Scope): string {
  return `20-${scopeKey(scope)}.cfg`;
}
