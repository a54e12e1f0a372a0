import type { RouteConfig } from '../domain/config';
import type { Testers } from '../domain/config/testers';
import type { Endpoint } from '../domain/endpoint';
import type { Io } from '../domain/host';
import type { Group, Scope, Slot } from '../domain/release';
import type { RouterCapabilities, RouterCounters, RouterKind } from '../domain/router';

export interface Trial {
  /** All testers go to this slot. */
  testers?: Slot;
  /** This slot gets a copy of each GET and HEAD that the other slot answers. */
  mirror?: Slot;
  /** Per cent of all visitors that meet the fresh baseline; they are the ones who would leave the slot last. */
  baseline?: { of: Slot; share: number };
}

export interface Routing<At = Endpoint> {
  scope: Scope;
  /** Id of the release that asks; absent in what older versions of Spillway wrote. */
  release?: string;
  affinity: boolean;
  testers?: Testers;
  /** HTML to show when no version answers; absent where there is none, or only the target has it. */
  errorPage?: string;
  services: {
    service: string;
    routes: RouteConfig[];
    /** Absent for HTTP/1.1. */
    protocol?: 'h2c';
    /** Milliseconds of silence that the router bears; absent for the standard. */
    silence?: number;
    slots: Record<Slot, At[]>;
    /** Absent when there is no baseline. */
    baseline?: At[];
  }[];
}

export interface RouterProbe {
  version: string;
  running: boolean;
  portsTaken: number[];
  /** Why it cannot serve the app at all, and what to do about that. */
  refusal?: string;
  /** What it cannot do for the app as it is set up, and what to do about that. */
  warning?: string;
}

export interface Sessions {
  count(scope: Scope, group: Group, io: Io): Promise<number>;
  close(scope: Scope, group: Group, io: Io): Promise<void>;
}

/** Gives each slot its share of traffic. Every method may be repeated with the same result. */
export interface Undone {
  release: string;
  /** A version still needs the routes, even where the router's files of before were lost. */
  isLive: boolean;
}

export interface Router {
  readonly kind: RouterKind;
  readonly capabilities: RouterCapabilities;
  /** Absent where the router cannot count them. */
  readonly sessions?: Sessions;
  /** Image of its container; absent where Spillway does not run it. */
  readonly image?: string;
  /** Address of one of its ports, as seen from the target. */
  entry(port: number): Endpoint;
  /** Changes nothing. */
  probe(routing: Routing, io: Io): Promise<RouterProbe>;
  /**
   * Tries what `configure` would put in force, with all that other environments have there. Answers warnings.
   * @throws ConfigurationFailure with what the router would refuse
   */
  check(routing: Routing, io: Io): Promise<string[]>;
  /** @param firstShare green's in per cent, in force at once if the router does not know the environment yet */
  configure(routing: Routing, io: Io, firstShare?: number): Promise<{ reloaded: boolean }>;
  /**
   * Undoes what a release configured: the routes of before are in force again, and an environment that was new is
   * forgotten. Answers undefined when there was nothing to undo.
   */
  putBack(scope: Scope, undone: Undone, io: Io): Promise<'put back' | 'forgotten' | undefined>;
  /** Gives the environment's ports back. Spillway's own router goes with the last environment that it has. */
  forget(scope: Scope, io: Io): Promise<void>;
  /** Lists the environments that it knows, without asking it itself. */
  environments(io: Io): Promise<Scope[]>;
  /** Replaces the trial of the last call. A share of 0 or 100 switches testers, mirror and baseline off. */
  setGreenShare(scope: Scope, share: number, io: Io, trial?: Trial): Promise<void>;
  /** Answers the share that every process has in force; undefined when the environment is unknown. */
  greenShare(scope: Scope, io: Io): Promise<number | undefined>;
  /** Every service needs a server that answers; of the baseline, every service that it has. */
  groupIsUp(routing: Routing, group: Group, io: Io): Promise<{ up: boolean; detail: string }>;
  counters(scope: Scope, io: Io): Promise<RouterCounters>;
}
