import type { LedgerEntry, Live, ReleaseRequest, ReleaseResult } from './release';

/** How many releases an environment keeps in its own state; all of them are in the durable copy outside. */
export const REMEMBERED = 20;

/** The ledger with an entry more, newest first. */
export function remember(ledger: readonly LedgerEntry[], entry: LedgerEntry): LedgerEntry[] {
  return [entry, ...ledger.filter(({ release }) => release.id !== entry.release.id)].slice(0, REMEMBERED);
}

/** What an ended release is remembered as. */
export function entryOf(
  request: ReleaseRequest,
  { status, live, images }: ReleaseResult,
  endedAt: number,
): LedgerEntry {
  const { outcome, why, startedAt, phases, messages, leftovers } = status;
  const known = { ...identityOf(request), why, startedAt, phases, messages, leftovers };
  return { ...known, outcome: outcome ?? 'terminated', endedAt, images, live };
}

/** What a release is remembered as that somebody terminated, so that it could say nothing itself. */
export function terminatedEntry(request: ReleaseRequest, why: string, endedAt: number, live: Live | null): LedgerEntry {
  const nothing = { phases: [], images: [], messages: [], leftovers: [] };
  const { requestedAt: startedAt } = request;
  return { ...identityOf(request), ...nothing, outcome: 'terminated', why, startedAt, endedAt, live };
}

function identityOf({ app, environment, id, version, who, note, git }: ReleaseRequest) {
  return { release: { app, environment, id, version }, who, note, ...(git && { git }) };
}
