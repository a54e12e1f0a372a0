import type { Group, Scope } from '../../domain/release';
import { scopeKey } from '../on-host/fragments';

export const HASH_VARIABLE = 'proc.spillway_config';
/** Holds the µs at which the process started, which tell processes apart: process ids are used again. */
export const START_VARIABLE = 'proc.spillway_start';

/** HAProxy reads it last, because it refers to all others. */
export const FRONTENDS_FILE = '90-frontends.cfg';

export function backendName(scope: Scope, service: string, group: Group): string {
  return `${scopeKey(scope)}.${service}.${group}`;
}

export function latencyTable(scope: Scope): string {
  return `${scopeKey(scope)}.latency`;
}

/** It holds the visitor's draw, 0–99. */
export function cookieName(scope: Scope): string {
  return `spillway.${scopeKey(scope)}`;
}

export function mapFile(directory: string, scope: Scope): string {
  return `${directory}/maps/${scopeKey(scope)}.map`;
}

export function environmentFile(scope: Scope): string {
  return `20-${scopeKey(scope)}.cfg`;
}
