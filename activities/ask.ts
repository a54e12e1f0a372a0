import type { HttpCheck } from '../domain/config';
import { UnreachableFailure } from '../domain/failures';
import { judgeAnswer } from '../domain/health';
import type { Io } from '../domain/host';
import type { Target } from '../targets/target';

type Place = Parameters<Target['ask']>[0];

/** How a check went; no answer is a failed check, not an error. */
export interface Asked {
  ok: boolean;
  /** Milliseconds; of the time-out when there was no answer. */
  latency: number;
  detail: string;
}

/** Asks what a check asks, and its fallback when that does not pass. */
export async function askCheck(target: Target, at: Place, check: HttpCheck, io: Io): Promise<Asked> {
  const first = await askOnce(target, at, check, io);
  if (first.ok || check.fallback === undefined) return first;
  const second = await askOnce(target, at, { ...check, path: check.fallback }, io);
  const detail = second.ok
    ? `${check.fallback} passed, ${check.path} did not: ${first.detail}`
    : `${check.path}: ${first.detail}; ${check.fallback}: ${second.detail}`;
  return { ...second, detail };
}

async function askOnce(target: Target, at: Place, check: HttpCheck, io: Io): Promise<Asked> {
  try {
    const answer = await target.ask(at, check, io);
    return { ...judgeAnswer(check, answer), latency: answer.latency };
  } catch (error) {
    if (!(error instanceof UnreachableFailure)) throw error;
    return { ok: false, latency: check.timeout, detail: error.message };
  }
}
