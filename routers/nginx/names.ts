import type { RouterConfig } from '../../domain/config';
import type { Scope, Slot } from '../../domain/release';
import { scopeKey, type Fragment } from '../on-host/fragments';
import type { Trial } from '../router';

/* What nginx is told of each environment, and what its parts are called in nginx's files. */

export type NginxConfig = Extract<RouterConfig, { kind: 'nginx' }>;
export type NginxFragment = Fragment<{ certificate: string; key: string }>;

/** Green's share in per cent, and what else there is while a version is on trial. */
export interface Share extends Trial {
  green: number;
}

/** What an environment has that was given no share yet. */
export const NO_SHARE: Share = { green: 0 };

/** Where a worker process says which share it has in force, to this machine only. */
export function statusPath({ app, environment }: Scope): string {
  return `/.spillway/${app}/${environment}`;
}

export function environmentFile(scope: Scope): string {
  return `20-${scopeKey(scope)}.conf`;
}

/** Names of nginx's variables have neither dots nor dashes; `_0` stands for a dash, so two names never meet. */
export function variable({ app, environment }: Scope): string {
  return `spillway_${app.replaceAll('-', '_0')}__${environment.replaceAll('-', '_0')}`;
}

export function upstreamName(scope: Scope, service: string, slot: Slot | string): string {
  return `${scopeKey(scope)}.${service}.${slot}`;
}
