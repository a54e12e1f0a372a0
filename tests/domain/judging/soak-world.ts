import { appConfigSchema } from '../../../domain/config';
import type { Evidence } from '../../../domain/judging/counters';
import { incrementBetween, startTally, tallied } from '../../../domain/judging/increment';
import { startSoak, type SoakSettings, type SoakState } from '../../../domain/judging/soak/state';
import type { RouterCounters, SlotCounters } from '../../../domain/router';

/* Soaks of one service `web`, live in blue and new in green, that began from counters of zero. */

/** Settings of a canary with one service. */
export function settingsWith(
  analysis: object = {},
  rest: Partial<SoakSettings> = {},
  canary: object = {},
): SoakSettings {
  const config = appConfigSchema.parse({
    version: 1,
    app: 'fx',
    services: { web: { image: 'fx', port: 80, routes: [{ port: 80 }] } },
    canary: { steps: [{ weight: 50 }], limits: { minRequests: 20 }, analysis, ...canary },
  });
  const { limits } = config.canary;
  const fixed = { slot: 'green', services: ['web'], steps: 1, isCompared: true, recorded: null } as const;
  return { ...fixed, services: ['web'], limits, canary: config.canary, ...rest };
}

export const counters = (requests: number, errors: number, slow = 0): SlotCounters => ({
  requests,
  errors,
  latency: [
    { upTo: 5, count: Math.floor((requests - slow) / 2) },
    { upTo: 10, count: Math.ceil((requests - slow) / 2) },
    { upTo: 50, count: 0 },
    { upTo: 500, count: slow },
    { upTo: 5_000, count: 0 },
    { upTo: null, count: 0 },
  ],
});
export const counted = (live: SlotCounters, canary: SlotCounters, process = '1'): RouterCounters => ({
  process,
  slots: { blue: { web: live }, green: { web: canary } },
});
export const ZERO = counted(counters(0, 0), counters(0, 0));
export const cold = (settings: SoakSettings) => startSoak({ name: 'canary-50', since: ZERO, began: 0 }, settings, null);
export const begin = (settings: SoakSettings): SoakState => ({ ...cold(settings), served: { web: 1_000 } });
export const evidenceOf = (now: RouterCounters): Evidence => ({
  services: tallied(startTally(), incrementBetween(ZERO, now)).slots.green,
  probes: {},
});
export const NOTHING: Evidence = { services: null, gap: 'the router did not answer', probes: {} };
