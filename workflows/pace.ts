/**
 * How often an activity that only reads beats. Every beat is a write to Temporal's database, and a billed action on
 * Temporal Cloud; but an activity hears only from a beat that it was cancelled. The time-out is fixed when an activity
 * is scheduled, so one with rarer beats has to take over.
 */
export interface Pace {
  /** Milliseconds; it beats four times in it, and is taken for dead after it. */
  heartbeatTimeout: number;
  /** Milliseconds after which it hands over to one of the next pace; absent: it lasts as long as it must. */
  handOver?: number;
}

type Paces = readonly [Pace, ...Pace[]];

const MINUTE = 60_000;

/** People decide early in a soak, and are answered then within a second; later within 6 s. */
export const SOAK_PACES: Paces = [
  { heartbeatTimeout: 3_000, handOver: 2 * MINUTE },
  { heartbeatTimeout: 8_000, handOver: 8 * MINUTE },
  { heartbeatTimeout: 20_000 },
];

/** Nobody waits for a watch; but while a release is young, it is to be taken over soon when its worker dies. */
export const WATCH_PACES: Paces = [
  { heartbeatTimeout: 40_000, handOver: 10 * MINUTE },
  { heartbeatTimeout: 4 * MINUTE },
];

/** @param handedOver how often it was handed over */
export function paceOf(paces: Paces, handedOver: number): Pace {
  return paces[handedOver] ?? (paces.at(-1) as Pace);
}
