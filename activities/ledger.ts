import { reconcileId } from '../domain/fence';
import { isSpokenForByAnother } from './ownership';
import { withIo, withOpen } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

const LIVE = 'live.json';

export const ledgerActivities = (parts: Parts): Pick<Activities, 'recordEntry' | 'readLedger'> => ({
  recordEntry: (input) =>
    withOpen(parts, input, async ({ state, io }) => {
      const { entry } = input;
      const { id } = input.release;
      // Another Temporal owns the ledger here, so what this one was refused is remembered only in Temporal.
      if (await isSpokenForByAnother(parts, state.documents, io)) return;
      await state.ledger.write(entry, io);
      // A release refused in preflight never held the environment, so it does not know what is live.
      const holder = await state.fence.holder(io);
      if (holder?.id !== id && holder?.id !== reconcileId(id)) return;
      const live = { live: entry.live, release: entry.release.id, endedAt: entry.endedAt };
      await state.documents.write(LIVE, `${JSON.stringify(live, null, 2)}\n`, io);
    }),

  readLedger: ({ scope, config, before, limit }) =>
    withIo(async (io) => (await parts.state(config, scope)).ledger.page({ before, limit }, io)),
});
