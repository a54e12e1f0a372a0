import type { RouterConfig, TargetConfig } from './config/target';
import type { Slot } from './release';

export type RouterKind = RouterConfig['kind'];
type TargetKind = TargetConfig['kind'];

export interface RouterCapabilities {
  lossless: boolean;
  sessions: 'by slot' | 'together' | 'unknown';
  counters: boolean;
  /** True when a visitor stays on one slot during a canary. */
  affinity: boolean;
  /** True when a slot can get a copy of the other's requests. */
  mirror: boolean;
  /** True when a fresh baseline can have its own share and counters. */
  baseline: boolean;
  /** True when it speaks HTTP/2 without TLS to versions. */
  h2c: boolean;
  /** The possible shares: whole per cents, only 0 and 100, or what replicas make up. */
  shares: 'any' | 'all or nothing' | 'by replicas';
}

export interface RouterTraits {
  capabilities: RouterCapabilities;
  /** The kinds of targets whose versions it can send requests to. */
  targets: readonly TargetKind[];
}

/** What may come over the wire; sizes in bytes. */
export interface WireLimits {
  requestHead: number;
  answerHead: number;
  headers: number;
}

export const STANDARD_LIMITS: WireLimits = { requestHead: 65_536, answerHead: 65_536, headers: 1_000 };

/** Milliseconds: slow answers and streams that pause get through, and a version that hangs still shows in a soak. */
export const STANDARD_SILENCE = 300_000;

/** Rules of the configuration, preflight and plan ask here. */
export const ROUTERS: Record<RouterKind, RouterTraits> = {
  haproxy: {
    capabilities: {
      lossless: true,
      sessions: 'by slot',
      counters: true,
      affinity: true,
      mirror: false,
      baseline: true,
      h2c: true,
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
      h2c: true,
      shares: 'any',
    },
    targets: ['docker'],
  },
};

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

export function routerOr(otherwise: string, ...wanted: Parameters<typeof routersThat>): string {
  const kinds = routersThat(...wanted).map((kind) => `\`router.kind: ${kind}\``);
  return kinds.length > 0 ? `use ${kinds.join(' or ')}, or ${otherwise}` : otherwise;
}

/** Requests by upper bound of latency in ms; the last bound is Infinity, which JSON writes as null. */
export type Latency = { upTo: number | null; count: number }[];

export interface SlotCounters {
  requests: number;
  /** Counts 5xx answers, and requests without an answer. */
  errors: number;
  /** Counts requests that the version left without any answer; absent in counters of older versions of Spillway. */
  unanswered?: number;
  latency: Latency;
}

/** A new `process` means that counters began at zero again. */
export interface RouterCounters {
  process: string;
  slots: Record<Slot, Record<string, SlotCounters>>;
  /** Present only while the router knows a fresh baseline. */
  baseline?: Record<string, SlotCounters>;
}
