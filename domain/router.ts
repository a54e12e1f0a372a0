import type { RouterConfig, TargetConfig } from './config/target';
import type { Slot } from './release';

/* What is known of routers before one is opened, and what they count. */

export type RouterKind = RouterConfig['kind'];
type TargetKind = TargetConfig['kind'];

/** What a router can promise; `plan` says what it cannot. */
export interface RouterCapabilities {
  /** No request is lost when traffic moves. */
  lossless: boolean;
  /** Of whom it knows what is in flight: of each slot, of all its traffic together, or of nobody. */
  sessions: 'by slot' | 'together' | 'unknown';
  /** Requests, errors and latency are known by slot. */
  counters: boolean;
  /** A visitor stays on one slot during a canary. */
  affinity: boolean;
  /** A slot can get a copy of what the other one answers. */
  mirror: boolean;
  /** A fresh baseline can have a share of its own, and is counted by itself. */
  baseline: boolean;
  /** Which shares a version can get: each whole per cent, only 0 and 100, or those that its replicas make up. */
  shares: 'any' | 'all or nothing' | 'by replicas';
}

/** What a kind of router can do, and for what. */
export interface RouterTraits {
  capabilities: RouterCapabilities;
  /** Kinds of targets whose versions it can send requests to. */
  targets: readonly TargetKind[];
}

/** All kinds of routers. Rules of the configuration, preflight and plan ask here what the configured one can do. */
export const ROUTERS: Record<RouterKind, RouterTraits> = {
  haproxy: {
    capabilities: {
      lossless: true,
      sessions: 'by slot',
      counters: true,
      affinity: true,
      mirror: false,
      baseline: true,
      shares: 'any',
    },
    targets: ['docker'],
  },
  nginx: {
    capabilities: {
      lossless: false,
      sessions: 'together',
      counters: false,
      affinity: true,
      mirror: true,
      baseline: false,
      shares: 'any',
    },
    targets: ['docker'],
  },
};

/**
 * Kinds of routers for a target that can do something.
 *
 * @param target undefined where it is not known: then of all targets
 */
export function routersThat(
  can: (capabilities: RouterCapabilities) => boolean,
  target: TargetKind | undefined,
): RouterKind[] {
  const kinds = Object.keys(ROUTERS) as RouterKind[];
  return kinds.filter((kind) => {
    const { capabilities, targets } = ROUTERS[kind];
    return can(capabilities) && (target === undefined || targets.includes(target));
  });
}

/** Tells a person whose router cannot do something to use one that can, where there is any, or to do something else. */
export function routerOr(otherwise: string, ...wanted: Parameters<typeof routersThat>): string {
  const kinds = routersThat(...wanted).map((kind) => `\`router.kind: ${kind}\``);
  return kinds.length > 0 ? `use ${kinds.join(' or ')}, or ${otherwise}` : otherwise;
}

/** Requests by upper bound of their latency in ms; the last bound is Infinity, written as null in JSON. */
export type Latency = { upTo: number | null; count: number }[];

/** What a router counted for one service in one group. */
export interface SlotCounters {
  requests: number;
  /** Answers 5xx, and requests that got no answer. */
  errors: number;
  latency: Latency;
}

/** Counters since `process` started; another `process` means that they began again at zero. */
export interface RouterCounters {
  process: string;
  slots: Record<Slot, Record<string, SlotCounters>>;
  /** By service, as above; only while the router knows a fresh baseline. */
  baseline?: Record<string, SlotCounters>;
}
