import { busyText, kindRefusal, titleOf } from '../domain/kinds';
import type { Request } from '../domain/request';
import { CLOCKS_DIFFER_MS } from './messages';
import type { EnvironmentState, ReleaseAnswer } from './messages';

/** @param unread why the environment does not know what is live */
export function refusal(
  { current, live }: EnvironmentState,
  request: Request,
  unread?: string,
): ReleaseAnswer | undefined {
  if (current) return { accepted: false, reason: busyText(current, request), current };
  const late = tooLate(request, Date.now());
  if (late) return { accepted: false, reason: late };
  const reason = kindRefusal(request, { live, unread });
  return reason === undefined ? undefined : { accepted: false, reason };
}

/** A request may wait in Temporal for a worker so long that nobody expects it any more. */
function tooLate(request: Request, now: number): string | undefined {
  const { notAfter } = request;
  if (notAfter === undefined || now <= notAfter + CLOCKS_DIFFER_MS) return undefined;
  return (
    `${titleOf(request)} was to begin before ${timeOf(notAfter)}, but by Temporal's clock it is ${timeOf(now)} now and nobody ` +
    'waits for it any more: nothing was changed. Ask again; if that is refused at once, set the clock of the machine that asks'
  );
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
