import { formatDuration } from '../../domain/units';

export interface Silence {
  why: string;
  /** Milliseconds so far; absent where they are not worth telling. */
  lasts?: number;
}

export interface Trouble {
  step: string;
  attempt: number;
  why: string;
}

/** `no worker answers since 12 s; waiting for it` */
export function silenceText({ why, lasts }: Silence): string {
  if (lasts === undefined) return why;
  return `${why} since ${formatDuration(Math.round(lasts / 1_000) * 1_000)}; waiting for it`;
}

/** `deploySlot failed and is tried again (attempt 3): no room` */
export function troubleText({ step, attempt, why }: Trouble): string {
  return `${step} failed and is tried again (attempt ${attempt}): ${why}`;
}
