import { UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Finding } from '../domain/preflight';
import type { PreflightCheck } from './steps';

/** Longest that a check may take: what does not answer by then is bad news, not a reason to wait. */
const LIMIT_MS = 20_000;

/** Tries one thing. A problem, an error and no answer in time are all bad news, told in words without secrets. */
export async function tryCheck(
  name: string,
  io: Io,
  redact: (text: string) => string,
  body: (io: Io) => Promise<Finding>,
): Promise<PreflightCheck> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const bounded = { ...io, signal: AbortSignal.any([io.signal, limit]) };
  try {
    const finding = await Promise.race([body(bounded), rejectOn(bounded.signal)]);
    const ok = 'note' in finding;
    const warning = ok && finding.warning;
    return { name, ok, detail: redact(ok ? finding.note : finding.problem), ...(warning && { warning }) };
  } catch (error) {
    io.signal.throwIfAborted();
    if (limit.aborted)
      return {
        name,
        ok: false,
        detail: `expected an answer within ${LIMIT_MS / 1_000} s, seen none`,
        unreachable: true,
      };
    const detail = redact(error instanceof Error ? error.message : String(error));
    return { name, ok: false, detail, ...(error instanceof UnreachableFailure && { unreachable: true }) };
  }
}

/** A part that does not listen to the signal must not keep the others waiting. */
function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
