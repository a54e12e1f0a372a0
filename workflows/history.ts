import type { LedgerEntry } from '../domain/release';
import type { HistoryInput } from './messages';
import { summarised } from './run';
import { asked } from './steps';

export async function history({ request, before, limit }: HistoryInput): Promise<LedgerEntry[]> {
  const { app, environment, config } = request;
  return summarised(asked.readLedger, 'read the durable ledger', {
    scope: { app, environment },
    config,
    before,
    limit,
  });
}
