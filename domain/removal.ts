import type { RequestResult } from './release';

export interface RemovalOptions {
  /** The ledger stays where it is, and the next release goes on with it. */
  keepLedger: boolean;
  backups: boolean;
  volumes: boolean;
}

/** What goes with an environment, by name, and what stays. */
export interface Remains {
  containers: string[];
  networks: string[];
  /** Ports of its routes; empty when the router does not know the environment. */
  ports: number[];
  /** True when no other environment needs the router that Spillway runs. */
  routerGoes: boolean;
  images: string[];
  volumes: string[];
  backups: string[];
  /** Absent when there is no ledger, or it stays. */
  ledger?: { from: string; to: string };
  /** Sentences for people. */
  stays: string[];
}

/** What a step removed, and in sentences what it had to leave. */
export interface Removed {
  removed: string[];
  left: string[];
}

export interface RemovalResult extends RequestResult {
  removed: string[];
}

export function isNothing({ stays: _stays, routerGoes: _router, ledger, ...lists }: Remains): boolean {
  return ledger === undefined && Object.values(lists).every((list) => list.length === 0);
}
