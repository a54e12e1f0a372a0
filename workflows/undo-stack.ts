import { CancellationScope, TemporalFailure } from '@temporalio/workflow';
import type { UndoRecord } from '../domain/release';
import { messageOf } from '../domain/failures';

/** A release that keeps its failed slot for inspection undoes only `traffic`. */
type UndoKind = 'traffic' | 'other';

interface Undo extends UndoRecord {
  kind: UndoKind;
  run: () => Promise<unknown>;
}

export type Hand = 'retry' | 'resolved';

/**
 * Undos run newest first. Each is pushed before its step, so it must tolerate that there is nothing to undo. When one
 * fails, those below it wait: requests are lost when containers go that still get traffic.
 */
export class UndoStack {
  private readonly undos: Undo[] = [];
  private used = false;

  get isUntouched(): boolean {
    return !this.used;
  }

  /** @param label an order that a person could follow, such as `remove 1.3.0 from green` */
  push(label: string, run: () => Promise<unknown>, kind: UndoKind = 'other'): void {
    this.used = true;
    this.undos.unshift({ label, kind, run, state: 'pending' });
  }

  discard(): void {
    this.undos.length = 0;
  }

  records(): UndoRecord[] {
    return this.undos.map(({ label, state, failure }) => ({ label, state, ...(failure && { failure }) }));
  }

  /** Cannot be cancelled. Calls `ask` about a failed undo; answers whether a person did one by hand. */
  async unwind(kinds: UndoKind[], ask: (failed: UndoRecord) => Promise<Hand>, changed: () => void): Promise<boolean> {
    return CancellationScope.nonCancellable(async () => {
      let byHand = false;
      for (const undo of this.undos.filter(({ kind }) => kinds.includes(kind))) {
        while (!(await attempt(undo, changed))) {
          if ((await ask(undo)) === 'retry') continue;
          byHand = true;
          undo.state = 'done';
          changed();
          break;
        }
      }
      return byHand;
    });
  }
}

async function attempt(undo: Undo, changed: () => void): Promise<boolean> {
  undo.state = 'running';
  delete undo.failure;
  changed();
  try {
    await undo.run();
    undo.state = 'done';
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    undo.state = 'failed';
    undo.failure = messageOf(error);
  }
  changed();
  return undo.state === 'done';
}
