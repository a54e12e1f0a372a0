import { CancellationScope, condition, TemporalFailure } from '@temporalio/workflow';
import { messageOf } from '../domain/failures';
import { entryOf } from '../domain/ledger';
import type { ToldAlone } from '../domain/ledger';
import type { LedgerEntry, Outcome, RequestResult, UndoRecord } from '../domain/release';
import { summarised } from './run';
import type { Run } from './run';
import { brief, quick } from './steps';
import type { Hand } from './undo-stack';

/** Puts everything back, newest first. When something `stays` (in words), only the traffic goes back. */
export async function goBack(run: Run, error: TemporalFailure, stays?: string): Promise<Outcome> {
  const { control, undos } = run;
  control.changed({ why: control.stop?.why ?? messageOf(error) });
  control.asked();
  if (undos.isUntouched) return 'refused';
  control.changed({ state: 'undoing' });
  const byHand = await undo(run, stays === undefined ? ['traffic', 'other'] : ['traffic']);
  if (stays !== undefined) control.status.leftovers.push(stays);
  return byHand ? 'resolved by hand' : 'rolled back';
}

/** Undoes a release that had nothing to deploy. */
export async function leaveNothing(run: Run): Promise<void> {
  await undo(run, ['traffic', 'other']);
}

type Recording = (run: Run, entry: LedgerEntry) => Promise<unknown>;

/** Writes the ledger and makes the result; `told` is the part that only this kind of request has. */
export async function finish<T extends ToldAlone>(
  run: Run,
  outcome: Outcome,
  told: T,
  record: Recording = writeLedger,
): Promise<RequestResult & T> {
  const { control, request, live } = run;
  await CancellationScope.nonCancellable(async () => {
    try {
      const result = { status: { ...control.status, outcome }, live, ...told };
      await record(run, entryOf(request, result, Date.now()));
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      control.status.leftovers.push(`the ledger's durable copy lacks this release: ${messageOf(error)}`);
    }
  });
  control.ended(outcome);
  return { status: control.status, live, ...told };
}

/** A release that changed nothing does not wait long for an engine or a disk that made it end. */
function writeLedger({ control, step }: Run, entry: LedgerEntry): Promise<void> {
  const { recordEntry } = control.status.phase === 'preflight' ? brief : quick;
  return summarised(recordEntry, 'write the ledger', { ...step, entry });
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
