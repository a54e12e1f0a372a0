import { makesFresh } from './fresh';
import type { AppConfig } from './config';
import { list, liveText, type LiveState, type Seen, type Serving } from './live-state';
import type { Live, Slot } from './release';
import { otherSlot, SLOTS } from './release';
import { routerOr, type RouterCapabilities } from './router';
import { slotShare } from './shares';
import { formatSize } from './units';

/** A `problem` says what was expected and seen, and what to do; a `warning` is only reported. */
export type Finding = { problem: string } | { note: string; warning?: true };

const GIB = 2 ** 30;
/** A release needs this for image layers, a dump and the router's files. */
const LEAST_DISK = GIB;

/** Only containers that are not Spillway's refuse a release. */
export function judgeLedger(live: Live | null, found: LiveState): Finding {
  const { condition, detail } = found;
  if (!live) {
    if (condition !== 'foreign') return { note: 'first release: nothing is live' };
    return {
      problem:
        `expected nothing to be live, as the ledger says; seen ${detail}. ` +
        'Release from the Temporal that made them, or remove these containers if nobody needs them',
    };
  }
  const { slot, version, releaseId } = live;
  switch (condition) {
    case 'foreign':
      return {
        problem:
          `expected ${version} (release ${releaseId}) alone in ${slot} and with all the traffic, as the ledger says; seen ${detail}. ` +
          `Move all traffic to ${slot} and remove what is not of that release (docs/runbook.md), or release from the Temporal that knows it; nothing was changed`,
      };
    case 'dead':
      return {
        note: `${liveText(live, found)}. A release is possible: the new version is compared with nothing and gets all traffic once it is smoked`,
      };
    case 'impaired':
      return { note: `${liveText(live, found)}. A release is possible` };
    case 'serving':
    case 'nothing':
      return { note: `${version} in ${slot} has all the traffic, as the ledger says` };
  }
}

/** Answers undefined unless one slot serves with containers of a single release. */
export function servingSlot({ slots, share }: Pick<Serving, 'slots' | 'share'>): Slot | undefined {
  if (share === undefined) return undefined;
  return SLOTS.find((slot) => {
    const releases = new Set(slots[slot].map(({ releaseId }) => releaseId));
    const running = slots[slot].some(({ state }) => state === 'running');
    return slotShare(slot, share) === 100 && releases.size === 1 && running;
  });
}

export function judgeIdle(live: Live | null, { slots }: Pick<Serving, 'slots'>, baseline: Seen[]): Finding {
  const idle = live ? otherSlot(live.slot) : undefined;
  const left = [...(idle ? slots[idle] : SLOTS.flatMap((slot) => slots[slot])), ...baseline];
  if (left.length === 0) return { note: `${idle ?? 'blue'} is empty` };
  return { note: `left by an earlier release, and removed by this one: ${list(left)}` };
}

/** Judges whether both versions fit on the host together; only services with limits count. */
export function judgeRoom(
  config: AppConfig,
  host: { memory: number; cores: number; freeDisk?: number },
  known: { live: boolean; isCompared: boolean; imageBytes: number },
): Finding {
  const groups = makesFresh(config, !known.isCompared) ? 3 : 2;
  const times = (run = 'both'): number => (known.live && run === 'both' ? groups : 1);
  const all = Object.entries(config.services);
  const memory = all.reduce((sum, [, s]) => sum + (s.memory ?? 0) * s.replicas * times(s.run), 0);
  const cpu = all.reduce((sum, [, s]) => sum + (s.cpu ?? 0) * s.replicas * times(s.run), 0);
  const tooBig = all.find(([, s]) => (s.cpu ?? 0) > host.cores);
  const disk = Math.max(LEAST_DISK, 2 * known.imageBytes);
  if (memory > host.memory) {
    return {
      problem:
        `expected at least ${formatSize(memory)} of memory for old and new version${groups === 3 ? ' and a fresh baseline' : ''} together, seen ${formatSize(host.memory)}; ` +
        'lower `memory` or `replicas`, or use a larger host',
    };
  }
  if (tooBig) {
    return {
      problem: `expected \`cpu: ${tooBig[1].cpu}\` of ${tooBig[0]} to be there, seen ${host.cores} cores; lower it`,
    };
  }
  if (host.freeDisk === undefined || host.freeDisk < disk) {
    const seen = host.freeDisk === undefined ? 'that `df` does not tell' : formatSize(host.freeDisk);
    return {
      problem: `expected ${formatSize(disk)} of free disk on the target, seen ${seen}; free some (\`docker system prune\`)`,
    };
  }
  const shared = cpu > host.cores ? `; CPU limits add up to ${cpu} of ${host.cores} cores, shared while both run` : '';
  return {
    note: `${formatSize(memory)} of ${formatSize(host.memory)} memory limited, ${formatSize(host.freeDisk)} of disk free${shared}`,
  };
}

export function judgeLimits(config: AppConfig, can: Pick<RouterCapabilities, 'counters' | 'baseline'>): Finding {
  const { canary, bake, services, router, target } = config;
  if (canary.baseline === 'fresh' && !can.baseline) {
    return {
      problem:
        `expected a router that gives a fresh baseline its share (\`canary.baseline\`), seen ${router.kind}, which does not; ` +
        routerOr('use `baseline: live`', (other) => other.baseline, target.kind),
    };
  }
  const used = [
    ...(canary.steps.length > 0 ? [canary.limits] : []),
    ...(bake.soak > 0 ? [bake.limits ?? canary.limits] : []),
  ];
  // Requests to an older version have no triggers.
  const triggered = used.length > 0 && (canary.triggers ?? []).length > 0;
  const counted = triggered || used.some(({ errorRate, p95 }) => errorRate !== undefined || p95 !== undefined);
  const probed = used.some(({ healthFailures }) => healthFailures !== undefined);
  if (counted && !can.counters) {
    return {
      problem:
        `expected a router that counts requests by slot, which errorRate and p95 of limits and triggers need, seen ${router.kind}, ` +
        `which does not; ${routerOr('limit only `healthFailures`', (other) => other.counters, target.kind)}`,
    };
  }
  if (probed && !Object.values(services).some(({ health }) => health.endpoints.length > 0)) {
    return {
      problem:
        'expected a service with `health.endpoints`, which the limit healthFailures probes, seen none; add one, or remove the limit',
    };
  }
  return {
    note: used.length === 0 ? 'nothing is judged by measurements' : 'everything that is limited can be measured',
  };
}
