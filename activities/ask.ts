import type { HttpCheck, ServiceConfig } from '../domain/config';
import { UnreachableFailure } from '../domain/failures';
import { judgeAnswer, readyCheck, withFallback, type ReadyCheck } from '../domain/health';
import type { Io } from '../domain/host';
import type { Asked as Place } from '../targets/replicas';
import type { Target } from '../targets/target';
import type { Parts } from './parts';

export interface Asker {
  target: Target;
  io: Io;
  parts: Pick<Parts, 'secret' | 'redact'>;
  projectDirectory: string;
}

/** No answer is a failed check, not an error. */
export interface Asked {
  ok: boolean;
  /** Milliseconds; the time-out when there was no answer. */
  latency: number;
  detail: string;
}

/** Answers which protocol the service speaks, which is the same behind the router. */
export function spokenBy(service: ServiceConfig | undefined): Pick<Place, 'protocol'> {
  return service?.protocol === 'h2c' ? { protocol: 'h2c' } : {};
}

/** @throws ConfigurationFailure when a secret of the check's headers is missing */
export async function askCheck(asker: Asker, at: Place, check: HttpCheck): Promise<Asked> {
  const { parts, projectDirectory } = asker;
  const ready = await readyCheck(check, (reference) => parts.secret(reference, projectDirectory));
  const { first, second = first, detail } = await withFallback(ready, (one) => askOnce(asker, at, one));
  return { ...second, detail };
}

async function askOnce({ target, io, parts }: Asker, at: Place, check: ReadyCheck): Promise<Asked> {
  try {
    const answer = await target.replicas.ask(at, check, io);
    return { ...judgeAnswer(check, answer, (text) => parts.redact(text)), latency: answer.latency };
  } catch (error) {
    if (!(error instanceof UnreachableFailure)) throw error;
    return { ok: false, latency: check.timeout, detail: parts.redact(error.message) };
  }
}
