import { UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Finding } from '../domain/preflight';
import { TimeUp, within } from '../waiting/within';
import type { PreflightCheck } from './steps';

/** A check without an answer by then counts as failed. */
const LIMIT_MS = 20_000;

export async function tryCheck(
  name: string,
  io: Io,
  redact: (text: string) => string,
  body: (io: Io) => Promise<Finding>,
): Promise<PreflightCheck> {
  try {
    const finding = await within({ signal: io.signal, limit: LIMIT_MS }, (signal) => body({ ...io, signal }));
    const ok = 'note' in finding;
    const warning = ok && finding.warning;
    return { name, ok, detail: redact(ok ? finding.note : finding.problem), ...(warning && { warning }) };
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof TimeUp)
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
