import { CancellationScope, condition, TemporalFailure } from '@temporalio/workflow';
import { messageOf } from '../domain/failures';
import { judgedInShort } from '../domain/ledger';
import type { LedgerEntry, Outcome, ReleaseResult, UndoRecord } from '../domain/release';
import { summarised } from './run';
import type { Run } from './run';
import { brief, quick } from './steps';
import type { Hand } from './undo-stack';

/** Puts everything back, newest first; answers how that ended. */
export async function goBack(run: Run, error: TemporalFailure): Promise<Outcome> {
  const { control, request, slot, undos } = run;
  control.changed({ why: control.stop?.why ?? messageOf(error) });
  control.asked();
  if (undos.isUntouched) return 'refused';
  control.changed({ state: 'undoing' });
  if (!request.options.noRollback) return (await undo(run, ['traffic', 'other'])) ? 'resolved by hand' : 'rolled back';
  const byHand = await undo(run, ['traffic']);
  control.status.leftovers.push(
    `${request.version} stays in ${slot} for inspection, as asked; the next release clears it`,
  );
  return byHand ? 'resolved by hand' : 'rolled back';
}

/** Takes back what a release did that had nothing to deploy. */
export async function leaveNothing(run: Run): Promise<void> {
  await undo(run, ['traffic', 'other']);
}

/**
 * Writes the ledger and ends the release, or the migration by hand.
 * @param migrations those that it was to apply or revert by hand
 */
export async function finish(run: Run, outcome: Outcome, migrations?: string[]): Promise<ReleaseResult> {
  const { control, step, live, next } = run;
  await CancellationScope.nonCancellable(async () => {
    try {
      // A release that changed nothing does not wait for an engine or a disk that made it end.
      const { recordEntry } = control.status.phase === 'preflight' ? brief : quick;
      await summarised(recordEntry, 'write the ledger', { ...step, entry: entryOf(run, outcome, migrations) });
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      control.status.leftovers.push(`the ledger's durable copy lacks this release: ${messageOf(error)}`);
    }
  });
  control.ended(outcome);
  return { status: control.status, live, images: next?.images ?? [] };
}

async function undo(run: Run, kinds: ('traffic' | 'other')[]): Promise<boolean> {
  const { control, undos } = run;
  return undos.unwind(
    kinds,
    (failed) => askForHand(run, failed),
    () => control.changed({ undos: undos.records() }),
  );
}

async function askForHand({ control }: Run, { label }: UndoRecord): Promise<Hand> {
  control.hand = undefined;
  control.needsHand(label);
  await condition(() => control.hand !== undefined);
  control.undoesAgain();
  return control.hand ?? 'retry';
}

function entryOf({ control, request, live, next }: Run, outcome: Outcome, migrations?: string[]): LedgerEntry {
  const { release, why, who, note, startedAt, phases, messages, judged, leftovers } = control.status;
  const { git } = request;
  const images = next?.images ?? [];
  const endedAt = Date.now();
  const told = { release, outcome, why, who, note, git, startedAt, endedAt, phases, images, messages, leftovers };
  return { ...told, ...judgedInShort(judged), ...(migrations && { migrations }), live };
}
