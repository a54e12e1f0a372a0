import { GROUPS } from '../../domain/release';
import { removeScratch } from '../backup/scratch';
import { claimantOf, withOpen, withStep } from '../io';
import { removeContainers } from '../kept-volumes';
import { findOwn } from '../ownership';
import type { Parts } from '../parts';
import type { Activities } from '../steps';
import { lookAt, note } from './remains';

type Removal = Pick<
  Activities,
  | 'lookAtRemains'
  | 'beginRemoval'
  | 'removeRoutes'
  | 'removeGroups'
  | 'removeImages'
  | 'removeVolumes'
  | 'removeBackups'
  | 'setStateAside'
>;

/** Each may be called again, and finds nothing to do then. */
export const removalActivities = (parts: Parts): Removal => ({
  lookAtRemains: (input) =>
    withOpen(parts, input, async (open) => {
      const release = await findOwn(parts, input, open);
      return 'problem' in release ? { problem: release.problem } : lookAt(parts, input, { ...open, release });
    }),

  beginRemoval: (input) =>
    withStep(
      parts,
      input,
      async (step) => {
        await note(input, step);
        return lookAt(parts, input, step);
      },
      'take',
    ),

  removeRoutes: (input) =>
    withStep(parts, input, async ({ router, release, io, assertFence }) => {
      const { app, environment } = release;
      const known = await router.environments(io);
      await assertFence();
      await router.forget(release, io);
      const isKnown = known.some((one) => one.app === app && one.environment === environment);
      return { removed: isKnown ? ['routes'] : [], left: [] };
    }),

  removeGroups: (input) =>
    withStep(parts, input, async (step) => {
      const { target, release, io, assertFence } = step;
      const removed: string[] = [];
      for (const group of GROUPS) {
        await assertFence();
        removed.push(...(await removeContainers(input, { group }, step)));
      }
      await assertFence();
      const rest = await target.leaving.removeRest(release, io);
      return { removed: [...removed, ...rest.removed], left: rest.left };
    }),

  removeImages: (input) =>
    withStep(parts, input, async ({ target, io }) => target.leaving.removeImages(input.names, io)),

  removeVolumes: (input) =>
    withStep(parts, input, async ({ target, io }) => target.leaving.removeVolumes(input.names, io)),

  removeBackups: (input) =>
    withStep(parts, input, async ({ io, assertFence }) => {
      const store = await parts.store(input);
      const names = [...(await store.list(io)).keys()];
      for (const name of names) {
        await assertFence();
        await store.remove(name, io);
      }
      await store.tidy(io);
      await removeScratch(parts, input.release);
      return { removed: names, left: [] };
    }),

  setStateAside: (input) => setStateAside(parts, input),
});

/** An earlier try may have moved all, with the fence, by which other steps are allowed to go on. */
function setStateAside(parts: Parts, input: Parameters<Activities['setStateAside']>[0]): Promise<void> {
  return withOpen(parts, input, async ({ state, io }) => {
    const { id } = input.release;
    if (await state.archive.has(id, io)) return;
    await state.fence.expectHeld(claimantOf(input), io);
    await state.ledger.write(input.entry, io);
    await state.archive.take(id, io);
  });
}
