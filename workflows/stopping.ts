import { CancelledFailure, CancellationScope, condition } from '@temporalio/workflow';
import { formatDuration } from '../domain/units';
import type { Outcome } from '../domain/release';
import type { Control } from './control';

/** Runs phases until a person, the deadline or a cancellation stops them. A stop in the last moment still counts. */
export async function untilStopped(
  control: Control,
  deadline: number,
  forward: () => Promise<Outcome>,
): Promise<Outcome> {
  CancellationScope.current().cancelRequested.catch(
    () => (control.stop ??= { name: 'abort', why: 'cancelled in Temporal' }),
  );
  const watching = new CancellationScope();
  const phases = new CancellationScope();
  const stopped = () => condition(() => control.stop !== undefined);
  watching.run(() => timeIsUp(control, deadline)).catch(() => undefined);
  watching.run(stopped).then(
    () => phases.cancel(),
    () => undefined,
  );
  try {
    const outcome = await phases.run(forward);
    if (control.stop) throw new CancelledFailure(control.stop.why);
    return outcome;
  } finally {
    watching.cancel();
  }
}

/** Stops the release when its time is over; a pause stops this clock. */
async function timeIsUp(control: Control, length: number): Promise<void> {
  let left = length;
  for (;;) {
    await condition(() => !control.paused);
    const began = Date.now();
    const summary = `deadline: stops the release after ${formatDuration(length)}`;
    if (!(await condition(() => control.paused, left, { summary }))) break;
    left -= Date.now() - began;
  }
  control.stop ??= { name: 'deadline', why: `not done within ${formatDuration(length)}, its deadline` };
}
