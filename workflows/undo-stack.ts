import { CancellationScope, TemporalFailure } from '@temporalio/workflow';
import type { UndoRecord } from '../domain/release';
import { messageOf } from '../domain/failures';

/** What one undo puts back. A release that keeps its failed slot for inspection runs those of `traffic` only, which a baseline is for. */
type UndoKind = 'traffic' | 'other';

interface Undo extends UndoRecord {
  kind: UndoKind;
  run: () => Promise<unknown>;
}

/** What a person says to an undo that failed. */
export type Hand = 'retry' | 'resolved';

/**
 * The undos of a release, run newest first. An undo is pushed before its step, so it must tolerate that there is
 * nothing to undo. When one fails, those below it wait: they may only run once it is known to be done, since removing
 * containers that still get traffic would lose requests.
 */
export class UndoStack {
  private readonly undos: Undo[] = [];
  private used = false;

  /** True until the first undo: nothing has been changed so far. */
  get isUntouched(): boolean {
    return !this.used;
  }

  /** @param label an order that a person could follow, such as `remove 1.3.0 from green` */
  push(label: string, run: () => Promise<unknown>, kind: UndoKind = 'other'): void {
    this.used = true;
    this.undos.unshift({ label, kind, run, state: 'pending' });
  }

  /** Past the point of no return nothing is undone any more. */
  discard(): void {
    this.undos.length = 0;
  }

  records(): UndoRecord[] {
    return this.undos.map(({ label, state, failure }) => ({ label, state, ...(failure && { failure }) }));
  }

  /**
   * Runs the undos, newest first, and cannot be cancelled.
   * @param ask is called when one failed, and answers what a person decided
   * @param changed is called whenever the records changed
   * @returns whether a person did one of them by hand
   */
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
