import type { RouterConfig } from '../../domain/config';
import type { Scope, Slot } from '../../domain/release';
import { scopeKey, type Fragment } from '../on-host/fragments';
import type { Trial } from '../router';

export type NginxConfig = Extract<RouterConfig, { kind: 'nginx' }>;
export type NginxFragment = Fragment<{ certificate: string; key: string }>;

export interface Share extends Trial {
  green: number;
}

export const NO_SHARE: Share = { green: 0 };

/** Only requests from the host itself may ask here which share a worker process has in force. */
export function statusPath({ app, environment }: Scope): string {
  return `/.spillway/${app}/${environment}`;
}

export function environmentFile(scope: Scope): string {
  return `20-${scopeKey(scope)}.conf`;
}

/** nginx's variables allow neither dots nor dashes. `_0` stands for a dash, so that two names never collide. */
export function variable({ app, environment }: Scope): string {
  return `spillway_${app.replaceAll('-', '_0')}__${environment.replaceAll('-', '_0')}`;
}

export function upstreamName(scope: Scope, service: string, slot: Slot | string): string {
  return `${scopeKey(scope)}.${service}.${slot}`;
}
