import { RouterFailure, UnhealthyFailure } from '../domain/failures';
import { otherSlot, type Group, type Scope } from '../domain/release';
import { slotShare } from '../domain/shares';
import { formatDuration } from '../domain/units';
import { until } from '../waiting/until';
import type { Routing } from '../routers/router';
import type { StepParts } from './io';
import { withErrorPage } from './error-page';
import { routingOf } from './routing';
import type { Step } from './steps';

const SEEN_MS = 30_000;
const EMPTY_MS = 5_000;
const POLL_MS = 50;

type Looking = Pick<StepParts, 'router' | 'io'>;

/** @param firstShare green's in per cent, where the router does not know the environment yet */
export async function introduce(
  input: Pick<Step, 'config' | 'projectDirectory'>,
  group: Group,
  { target, router, io, release }: StepParts,
  firstShare?: number,
): Promise<void> {
  const routing = await routingOf({ ...input, release }, target, io);
  await router.configure(await withErrorPage(routing, input), io, firstShare);
  const unseen = await untilSeen(routing, group, { router, io });
  if (unseen !== undefined) throw notSeen(routing.scope, group, unseen);
}

/** Answers undefined when the router sees the group in time, else the reason. */
export async function untilSeen(routing: Routing, group: Group, { router, io }: Looking): Promise<string | undefined> {
  let why = '';
  const isSeen = await until({ signal: io.signal, pause: POLL_MS, limit: SEEN_MS }, async () => {
    const { up, detail } = await router.groupIsUp(routing, group, io);
    if (up) return true;
    why = detail;
    io.onProgress(`waits until the router sees ${group}: ${detail}`);
  });
  return isSeen ? undefined : why;
}

function notSeen(scope: Scope, group: Group, detail: string): UnhealthyFailure {
  return new UnhealthyFailure(
    `expected the router to reach ${group} of ${scope.app}/${scope.environment} within ${formatDuration(SEEN_MS)}, ` +
      `seen: ${detail}. The containers run: check that they listen on the \`port\` of their service, on all addresses, ` +
      'and that the router may reach their network',
  );
}

/** @throws RouterFailure with what was read back; an environment that the router does not know has no traffic. */
export async function expectNoTraffic(
  group: Group,
  beforeWhat: string,
  { router, io, release }: Looking & { release: Scope },
): Promise<void> {
  const green = await router.greenShare(release, io);
  if (green === undefined || !mayHaveTraffic(group, green)) return;
  throw new RouterFailure(
    `expected ${group} to have no traffic before ${beforeWhat}, read back ${green} % for green: ` +
      `give all traffic to ${group === 'baseline' ? 'one slot' : otherSlot(group)} first; nothing was changed`,
  );
}

function mayHaveTraffic(group: Group, green: number): boolean {
  return group === 'baseline' ? green !== 0 && green !== 100 : slotShare(group, green) !== 0;
}

/** Waits a short time for requests to end, then closes the rest, WebSockets included. */
export async function empty(scope: Scope, group: Group, { router, io }: Looking): Promise<void> {
  if ((await router.greenShare(scope, io)) === undefined) return;
  const isEmpty = await until({ signal: io.signal, pause: POLL_MS, limit: EMPTY_MS }, async () => {
    const left = await router.sessions?.count(scope, group, io);
    if (left === 0) return true;
    io.onProgress(`${left ?? 'perhaps some'} requests in flight on ${group}`);
  });
  if (!isEmpty) await router.sessions?.close(scope, group, io);
}
