import { reconcileId } from '../domain/fence';
import { isSpokenForByAnother } from './ownership';
import { withIo, withOpen } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

const LIVE = 'live.json';

/** What an environment remembers, kept so that it outlives Temporal. */
export const ledgerActivities = (parts: Parts): Pick<Activities, 'recordEntry' | 'readLedger'> => ({
  recordEntry: (input) =>
    withOpen(parts, input, async ({ state, io }) => {
      const { entry } = input;
      const { id } = input.release;
      // What another Temporal releases to keeps that one's ledger: what was refused here is remembered here alone.
      if (await isSpokenForByAnother(parts, state.documents, io)) return;
      await state.ledger.write(entry, io);
      // A release that was refused in preflight never held the environment: it says nothing of what is live.
      const holder = await state.fence.holder(io);
      if (holder?.id !== id && holder?.id !== reconcileId(id)) return;
      const live = { live: entry.live, release: entry.release.id, endedAt: entry.endedAt };
      await state.documents.write(LIVE, `${JSON.stringify(live, null, 2)}\n`, io);
    }),

  readLedger: ({ scope, config, before, limit }) =>
    withIo(async (io) => (await parts.state(config, scope)).ledger.page({ before, limit }, io)),
});
