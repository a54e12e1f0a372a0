import { addUp, type Services } from './counters';
import { breachOfCounters } from './limits';
import type { Limits, Trigger } from '../config';
import { formatDuration } from '../units';

// A good moment must not clear a trigger, nor a bad one fire it. So counters are judged in windows of a tenth of its
// time; those beyond the limit add up, and only a fifth of the time below it in a row begins anew.

export interface TriggerState {
  /** Milliseconds since the epoch when the window began; null before the first sample. */
  since: number | null;
  services: Services;
  held: number;
  below: number;
  seen: string;
}

const WINDOWS = 10;
const CLEARED_AFTER = 1 / 5;

export function startTrigger(): TriggerState {
  return { since: null, services: {}, held: 0, below: 0, seen: '' };
}

interface Sample {
  /** Null when unknown. */
  increment: Services | null;
  /** Milliseconds since the epoch. */
  at: number;
  minRequests: number;
}

/** A window lasts until it has enough requests, and counts for at most half the time, so that one cannot fire alone. */
export function watchTrigger(
  trigger: Trigger,
  before: TriggerState,
  { increment, at, minRequests }: Sample,
): TriggerState {
  const since = before.since ?? at;
  const state = { ...before, since, services: increment ? addUp(before.services, increment) : before.services };
  const length = at - since;
  if (length < trigger.for / WINDOWS || requestsOf(state.services) < Math.max(1, minRequests)) return state;
  const anew = { ...state, since: at, services: {} };
  const breach = breachOfCounters({ ...limitsOf(trigger), minRequests }, state.services);
  if (breach !== undefined) {
    const held = state.held + state.below + Math.min(length, trigger.for / 2);
    return { ...anew, held, below: 0, seen: breach };
  }
  const below = state.below + length;
  if (state.held === 0 || below >= trigger.for * CLEARED_AFTER) return { ...anew, held: 0, below: 0, seen: '' };
  return { ...anew, below };
}

export function firedTrigger(triggers: readonly Trigger[], states: readonly TriggerState[]): string | undefined {
  const index = triggers.findIndex((trigger, at) => (states[at]?.held ?? 0) >= trigger.for);
  if (index < 0) return undefined;
  const { held, seen } = states[index]!;
  return `${seen} for ${formatDuration(held)}, ${formatDuration(triggers[index]!.for)} fail it`;
}

function limitsOf({ errorRate, p95 }: Trigger): Pick<Limits, 'errorRate' | 'p95'> {
  return { ...(errorRate !== undefined && { errorRate }), ...(p95 !== undefined && { p95 }) };
}

function requestsOf(services: Services): number {
  return Object.values(services).reduce((sum, { requests }) => sum + requests, 0);
}
