import { TemporalFailure } from '@temporalio/workflow';
import { messageOf } from '../domain/failures';
import { formatDuration } from '../domain/units';
import type { Live } from '../domain/release';
import { otherSlot } from '../domain/release';
import { phase, skip, summarised } from './run';
import type { ReleaseRun } from './run';
import { patient, slow } from './steps';

export async function drainPhase(run: ReleaseRun, old: Live | null): Promise<void> {
  const { step, request } = run;
  if (!old) return skip(run, 'drain', 'there was no old version');
  await tryPhase(run, 'drain', async () => {
    const { left, waited } = await summarised(patient.drainSlot, `drain ${old.slot}`, {
      ...step,
      slot: old.slot,
      cap: request.config.drain.cap,
    });
    if (left === 0) return `empty after ${formatDuration(waited)}`;
    const atCap = `after ${formatDuration(waited)}, the cap`;
    return left === null
      ? `went on ${atCap}: the router does not know what is in flight`
      : `${left} still in flight ${atCap}`;
  });
}

export async function retirePhase(run: ReleaseRun, old: Live | null): Promise<void> {
  const { step, control, slot } = run;
  await tryPhase(run, 'retire', async () => {
    const { leftovers } = await summarised(slow.retire, 'stop the old version, prune', {
      ...step,
      slot: otherSlot(slot),
    });
    control.status.leftovers.push(...leftovers);
    return old ? `${old.version} removed from ${old.slot}` : 'nothing was there before';
  });
}

/** Past the point of no return a failure is a leftover for later, not a reason to go back. */
async function tryPhase(run: ReleaseRun, name: 'drain' | 'retire', body: () => Promise<string>): Promise<void> {
  try {
    await phase(run, name, async (record) => {
      record.detail = await body();
    });
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    run.control.status.leftovers.push(`${name}: ${messageOf(error)}`);
  }
}
