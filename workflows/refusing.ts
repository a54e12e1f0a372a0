import { isMigration } from '../domain/migration';
import type { ReleaseRequest } from '../domain/request';
import { CLOCKS_DIFFER_MS } from './messages';
import type { CurrentRelease, EnvironmentState, ReleaseAnswer } from './messages';

/* Why an environment does not do what it is asked for. */

/**
 * Why a request is not served now; undefined when it is.
 * @param unread why the environment does not know what is live
 */
export function refusal(
  { current, live }: EnvironmentState,
  request: ReleaseRequest,
  unread?: string,
): ReleaseAnswer | undefined {
  const { app, environment, version, options } = request;
  if (current) return { accepted: false, reason: busy(current, request), current };
  const late = tooLate(request, Date.now());
  if (late) return { accepted: false, reason: late };
  // The preflight of a release meets the same trouble, and says it better. A migration would forget what is live.
  if (unread && isMigration(request))
    return { accepted: false, reason: `expected to read what is live from the ledger, seen: ${unread}` };
  if (live?.version === version && !options.again && !options.testOnly) {
    const reason =
      `${app} ${version} is live in ${environment} already: release another version, ` +
      'or the same with --again if it serves no more, or its configuration or secrets changed';
    return { accepted: false, reason };
  }
  return undefined;
}

function busy(current: CurrentRelease, { app, environment }: ReleaseRequest): string {
  const { who, version, since, migration } = current;
  const does = migration
    ? `is migrating ${app} in ${environment} (${version})`
    : `is releasing ${app} ${version} to ${environment}`;
  return `${who} ${does} since ${timeOf(since)}; wait, or abort it`;
}

/** A request may lie with Temporal until a worker comes; by then nobody expects anything of it. */
function tooLate({ notAfter, version }: ReleaseRequest, now: number): string | undefined {
  if (notAfter === undefined || now <= notAfter + CLOCKS_DIFFER_MS) return undefined;
  return (
    `${version} was to begin before ${timeOf(notAfter)}, but by Temporal's clock it is ${timeOf(now)} now and nobody ` +
    'waits for it any more: nothing was changed. Ask again; if that is refused at once, set the clock of the machine that asks'
  );
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
