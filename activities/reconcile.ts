import { databasesOf } from '../domain/databases';
import { UnreachableFailure } from '../domain/failures';
import { reconcileId } from '../domain/fence';
import type { Group, Live } from '../domain/release';
import { GROUPS, otherSlot } from '../domain/release';
import { greenShare } from '../domain/shares';
import { restoreTags } from './build';
import { migrationsOf, withDatabase } from './database';
import { withErrorPage } from './error-page';
import { empty, untilSeen } from './group-traffic';
import { withStep } from './io';
import type { StepParts } from './io';
import { keptBy, removeContainers } from './kept-volumes';
import type { Parts } from './parts';
import { routingOf } from './routing';
import type { Activities } from './steps';

type Input = Parameters<Activities['reconcile']>[0];

interface Reconcile extends StepParts {
  input: Input;
  /** Id of the release that was terminated. */
  terminated: string;
  did: string[];
}

/** Moves the traffic first, and removes something only after the move was read back. */
export const reconcileActivities = (parts: Parts): Pick<Activities, 'reconcile'> => ({
  reconcile: (given) => {
    // The terminated release may have a frozen worker, so this takes the environment under another id.
    const input = { ...given, release: { ...given.release, id: reconcileId(given.release.id) } };
    return withStep(
      parts,
      input,
      async (step) => {
        const did = [`took the environment from any late step (${step.state.fence.place})`];
        const all = { ...step, input, terminated: given.release.id, did };
        if (input.live) await backTo(input.live, all);
        else for (const group of GROUPS) await clear(all, group, null);
        // What is live goes on by its own routes.
        if (given.live?.releaseId !== given.release.id) await putRoutesBack(given, all);
        // The undo goes newest first, as in the release itself: migrations, then images.
        all.did.push(...(await revertMigrations(given, all, parts)), ...(await restoreTags(given, all)));
        return { did: [...all.did, ...(await keptBy(step))] };
      },
      'take',
    );
  },
});

async function backTo(live: Live, all: Reconcile): Promise<void> {
  await startStopped(live, all, false);
  const down = await untilUp(live, all);
  if (down === undefined || !(await hasTraffic(live, all))) await moveTraffic(live, all, down);
  else all.did.push(`left ${live.version} in ${live.slot} as it was, with all the traffic: ${down}; release a fix`);
  for (const group of [otherSlot(live.slot), 'baseline'] as const) {
    if ((await all.target.replicas.list(all.release, group, all.io)).length > 0) await empty(all.release, group, all);
    await clear(all, group, null);
  }
  await clear(all, live.slot, live.releaseId);
  // Services that must never run twice start when all others are gone.
  await startStopped(live, all, true);
}

/** Jobs are not started again, because they have run. */
async function startStopped({ slot, releaseId }: Live, all: Reconcile, liveOnly: boolean): Promise<void> {
  const { target, release, io, did } = all;
  const own = (await target.replicas.list(release, slot, io)).filter((replica) => replica.releaseId === releaseId);
  const wanted = own.filter(({ run }) => (liveOnly ? run === 'live-only' : run === undefined));
  for (const one of wanted) {
    const { container, state } = one;
    if (state === 'running') continue;
    const failed = await target.groups.start({ scope: release, ...one }, io).then(
      () => undefined,
      (error: Error) => error,
    );
    io.signal.throwIfAborted();
    did.push(failed ? `could not start ${container}: ${failed.message}` : `started ${container}, which was ${state}`);
  }
}

/** Answers undefined when the live version can be reached, else the reason. */
async function untilUp({ slot, version, releaseId }: Live, all: Reconcile): Promise<string | undefined> {
  const { target, router, release, input, terminated, io } = all;
  const own = (await target.replicas.list(release, slot, io)).filter((replica) => replica.releaseId === releaseId);
  // Configured as by that release, so that its undo finds what was there before it.
  const routing = await routingOf({ ...input, release: { ...release, id: terminated } }, target, io);
  const { running } = await router.probe(routing, io);
  // A router that knows the environment keeps its routing: this configuration may be that of a failed release.
  if (!running || (await router.greenShare(release, io)) === undefined)
    // Traffic must not wait for a page that is gone.
    await router.configure(await withErrorPage(routing, input).catch(() => routing), io, greenShare(slot, 100));
  if (own.length === 0) return `there is no container of ${version} (release ${releaseId}) in ${slot}`;
  const unseen = await untilSeen(routing, slot, all);
  return unseen === undefined ? undefined : `${version} in ${slot} does not answer the router: ${unseen}`;
}

async function hasTraffic({ slot }: Live, { router, input, io }: Reconcile): Promise<boolean> {
  return (await router.greenShare(input.release, io)) === greenShare(slot, 100);
}

/** @throws UnreachableFailure when traffic cannot move: the live version is `down`, or the share read back differs. */
async function moveTraffic({ slot, version }: Live, all: Reconcile, down: string | undefined): Promise<void> {
  const { router, input, io, did } = all;
  if (down !== undefined) {
    throw new UnreachableFailure(
      `expected ${version} in ${slot}, as the ledger says, to answer before it gets all the traffic, seen: ${down}. Nothing was moved or removed; ` +
        'see its logs and start its containers, or give it all the traffic by hand (docs/runbook.md) and release a fix',
    );
  }
  const wanted = greenShare(slot, 100);
  const before = await router.greenShare(input.release, io);
  await router.setGreenShare(input.release, wanted, io);
  const after = await router.greenShare(input.release, io);
  if (after !== wanted) {
    throw new UnreachableFailure(
      `expected the router to send all traffic to ${slot}, read back ${after ?? 'nothing'} % for green; nothing was removed`,
    );
  }
  did.push(before === wanted ? `all traffic was on ${slot} (${version})` : `moved all traffic to ${slot} (${version})`);
}

async function putRoutesBack({ release: { id }, live }: Input, { router, release, io, did, assertFence }: Reconcile) {
  await assertFence();
  const done = await router.putBack(release, { release: id, isLive: live !== null }, io);
  if (done === 'put back') did.push('put the routes of before back');
  if (done === 'forgotten') did.push("gave the router's ports back");
}

async function revertMigrations(given: Input, { io, assertFence }: StepParts, parts: Parts): Promise<string[]> {
  const { config, release } = given;
  if (!databasesOf(config).some(({ settings }) => settings.migrations)) return [];
  await assertFence();
  return withDatabase(parts, given, io, async (database, { settings: { onRollback } }) => {
    const migrations = migrationsOf(database);
    const applied = await migrations.appliedBy(release.id, io);
    if (!applied) return ['left the migrations alone: their own tool knows which are applied, not who applied them'];
    if (applied.length === 0) return [];
    if (onRollback !== 'revert') return [`left ${applied.join(', ')} applied: database.onRollback is ${onRollback}`];
    return [`reverted ${(await migrations.down(applied, release.id, io)).join(', ')}`];
  });
}

async function clear(
  { target, state, release, input, io, did, assertFence }: Reconcile,
  group: Group,
  keep: string | null,
): Promise<void> {
  const found = await target.replicas.list(release, group, io);
  const releases = new Set(found.map(({ releaseId }) => releaseId).filter((id) => id !== keep));
  for (const id of releases) {
    await assertFence();
    const removed = await removeContainers(input, { group, releaseId: id }, { target, state, release, io });
    if (removed.length > 0) did.push(`removed ${removed.join(', ')} of release ${id} from ${group}`);
  }
}
