import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { environmentWorkflowId, releaseWorkflowId } from '../domain/names';
import type { ReleaseStatus } from '../domain/release';
import { follow, type Releasing } from '../tests/support/asking';
import { SOAK_PACES, WATCH_PACES } from '../workflows/pace';
import { answered } from './answers';
import { asked, STEPS, whileSoaking } from './scale';
import { quantiles, type Quantiles } from './statistics';

const RELEASES = 40;
const DAY_MS = 24 * 60 * 60_000;
/** How long beats are counted once all are old. */
const WATCH_MS = 2 * 60_000;
/** The first look of a watch comes a tenth of the guard time after its release began. */
const WATCH_BEGINS_MS = 2 * 60_000;
/** By then the oldest soak and watch have their last pace. */
const OLD_MS = Math.max(
  ...[SOAK_PACES, WATCH_PACES].map((paces) => paces.reduce((sum, p) => sum + (p.handOver ?? 0), 0)),
);

export interface Aging {
  /** In the histories of a release that soaks for a day, and of its environment; time adds none once both are old. */
  eventsPer24h: number;
  /** Temporal Cloud would bill so many for it, with the watch over the release. Beats of old ones are extrapolated. */
  actionsPer24h: number;
  /** Milliseconds from sending `pause` to a soak with the last pace until `status` says so. */
  oldPauseMs: Quantiles;
  /** And from sending `promote` until the next share is set. */
  oldPromoteMs: Quantiles;
}

/** Measures what a soak of a day costs Temporal, on some that get older than ten minutes. */
export function benchAging(): Promise<Aging> {
  const began = Date.now();
  return whileSoaking(RELEASES, async ({ client, worker }) => {
    await pause(began + OLD_MS + WATCH_BEGINS_MS - Date.now());
    const old = await asked(worker);
    const oldSince = Date.now();
    await pause(WATCH_MS);
    const perMs = ((await asked(worker)).beats - old.beats) / RELEASES / (Date.now() - oldSince);
    const beats = old.beats / RELEASES + perMs * (DAY_MS - (oldSince - began));
    const scopes = Array.from({ length: RELEASES }, (_, index) => ({ app: `app-${index}`, environment: 'production' }));
    const ids = [releaseWorkflowId(scopes[0]!), environmentWorkflowId(scopes[0]!)];
    const events = await eventsOf(client, ids);
    const actions = beats + events.filter(isAction).length;
    const answers = await answersOf(scopes.map((scope) => follow(client, scope, `${scope.app}-r1`)));
    return { eventsPer24h: events.length, actionsPer24h: Math.round(actions), ...answers };
  });
}

/** The soaks began one after the other, so the messages come at any moment between two beats. */
async function answersOf(soaking: Releasing[]): Promise<Pick<Aging, 'oldPauseMs' | 'oldPromoteMs'>> {
  const half = soaking.length / 2;
  const pauses = soaking.slice(half).map((one) => answered(one, 'pause', ({ state }) => state === 'paused'));
  const oldPauseMs = quantiles(await Promise.all(pauses));
  const isNext = ({ share }: ReleaseStatus) => share === STEPS[1]!.weight;
  const promotes = soaking.slice(0, half).map((one) => answered(one, 'promote', isNext));
  return { oldPauseMs, oldPromoteMs: quantiles(await Promise.all(promotes)) };
}

type Event = temporal.api.history.v1.IHistoryEvent;

async function eventsOf(client: Client, workflowIds: string[]): Promise<Event[]> {
  const histories = await Promise.all(workflowIds.map((id) => client.workflow.getHandle(id).fetchHistory()));
  return histories.flatMap(({ events }) => events ?? []);
}

/** See https://docs.temporal.io/cloud/actions; tries that failed and queries are left out, since there are none. */
function isAction(event: Event): boolean {
  return Boolean(
    event.workflowExecutionStartedEventAttributes ??
    event.activityTaskScheduledEventAttributes ??
    event.timerStartedEventAttributes ??
    event.workflowExecutionSignaledEventAttributes ??
    event.workflowExecutionUpdateAcceptedEventAttributes ??
    event.upsertWorkflowSearchAttributesEventAttributes ??
    event.startChildWorkflowExecutionInitiatedEventAttributes ??
    event.markerRecordedEventAttributes,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
