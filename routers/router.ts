import type { RouteConfig } from '../domain/config';
import type { Testers } from '../domain/config/testers';
import type { Endpoint } from '../domain/endpoint';
import type { Io } from '../domain/host';
import type { Group, Scope, Slot } from '../domain/release';
import type { RouterCapabilities, RouterCounters, RouterKind } from '../domain/router';

/** What else there is while a version has a part of the traffic. */
export interface Trial {
  /** Where all testers go. */
  testers?: Slot;
  /** Who gets a copy of each GET and HEAD that the other slot answers. */
  mirror?: Slot;
  /** Share of all visitors, in per cent, that the fresh baseline gets in place of a slot: those who are last to leave it. */
  baseline?: { of: Slot; share: number };
}

/** What the router should know of an environment: where requests come in, and where each slot takes them. */
export interface Routing<At = Endpoint> {
  scope: Scope;
  affinity: boolean;
  /** By what the requests of testers are known. */
  testers?: Testers;
  services: {
    service: string;
    routes: RouteConfig[];
    slots: Record<Slot, At[]>;
    /** Only while there are any. */
    baseline?: At[];
  }[];
}

export interface RouterProbe {
  version: string;
  running: boolean;
  /** Ports of the routes that another program listens on. */
  portsTaken: number[];
}

/** What a router has in flight. */
export interface Sessions {
  /** Requests and WebSockets of a group, over all processes of the router. */
  count(scope: Scope, group: Group, io: Io): Promise<number>;
  /** Ends those that are left, WebSockets included. */
  close(scope: Scope, group: Group, io: Io): Promise<void>;
}

/** Decides which slot gets which share of traffic. Every method may be called again with the same result. */
export interface Router {
  readonly kind: RouterKind;
  readonly capabilities: RouterCapabilities;
  /** Absent where `capabilities.sessions` is unknown. */
  readonly sessions?: Sessions;
  /** Image of the container in which it runs; absent where Spillway does not run it. */
  readonly image?: string;
  /** Where requests to one of its ports come in, as seen from its target. */
  entry(port: number): Endpoint;
  /** Changes nothing. */
  probe(routing: Routing, io: Io): Promise<RouterProbe>;
  /**
   * Starts the router if it is Spillway's own, writes the environment's part, has it checked, and reloads only if it changed.
   * @param firstShare green's, in per cent, of an environment that the router does not know yet: in force from the first moment
   */
  configure(routing: Routing, io: Io, firstShare?: number): Promise<{ reloaded: boolean }>;
  /**
   * Moves all services of the app at once, makes it outlive a restart, and reads it back. What the last call said of
   * testers, mirror and baseline holds no longer. With a share of 0 or 100 none of them has any effect.
   */
  setGreenShare(scope: Scope, share: number, io: Io, trial?: Trial): Promise<void>;
  /** Share as in force, in every process; undefined when the environment is unknown. */
  greenShare(scope: Scope, io: Io): Promise<number | undefined>;
  /** Whether every service has a server that answers in this group; of the baseline, every service that it has. */
  groupIsUp(routing: Routing, group: Group, io: Io): Promise<{ up: boolean; detail: string }>;
  counters(scope: Scope, io: Io): Promise<RouterCounters>;
}
