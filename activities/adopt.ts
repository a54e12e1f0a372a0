import { PreflightFailure } from '../domain/failures';
import { adoptable } from '../domain/ownership';
import { claimantOf, withOpen, type OpenParts } from './io';
import { lookAtOwnership, newId, writeDocument } from './ownership';
import type { Parts } from './parts';
import type { Activities } from './steps';

type Input = Parameters<Activities['adoptEnvironment']>[0];

/** Containers and traffic stay as they are. */
export const adoptActivities = (parts: Parts): Pick<Activities, 'adoptEnvironment'> => ({
  adoptEnvironment: (input) =>
    withOpen(parts, input, async (open) => {
      const { state, io } = open;
      const seen = await lookAtOwnership(parts, input, [], open);
      const owner = adoptable(seen, newId(input.release));
      if ('problem' in owner) throw new PreflightFailure(owner.problem);
      const before = seen.document?.temporal ?? (owner.formerly.join(', ') || null);
      if (seen.document?.temporal === parts.owner) return { environmentId: owner.id, before, now: parts.owner };
      if (!input.force) await refuseWhileReleasing(input, open);
      // From now on a late step of the other Temporal's release does nothing.
      await state.fence.take(claimantOf(input), io);
      await writeDocument({ owner, temporal: parts.owner, adopted: seen.document }, state.documents, io);
      return { environmentId: owner.id, before, now: parts.owner };
    }),
});

/** A holder of the fence without an entry in the ledger has not ended. */
async function refuseWhileReleasing(input: Input, { state, io }: OpenParts): Promise<void> {
  const holder = (await state.fence.holder(io))?.id;
  if (!holder || /^(adopt|reconcile|by-hand)-/.test(holder) || (await state.ledger.find(holder, io))) return;
  const { app, environment } = input.release;
  throw new PreflightFailure(
    `expected no release of ${app} to ${environment} to be going on, seen that ${holder} has begun and stands in no ledger: ` +
      'wait until it has ended in its own Temporal; if that is gone for good, add --force, then look with `spillway plan` at what it left',
  );
}
