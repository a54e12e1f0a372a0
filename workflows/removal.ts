import { ApplicationFailure, TemporalFailure } from '@temporalio/workflow';
import { messageOf } from '../domain/failures';
import type { Remains, RemovalResult, Removed } from '../domain/removal';
import type { RemovalRequest } from '../domain/request';
import { formatCount } from '../domain/units';
import { finish } from './going-back';
import { begin, phase, summarised } from './run';
import type { Run, WorkInput } from './run';
import { slow } from './steps';

type RemovalRun = Run<RemovalRequest>;

/** Nothing is undone: when a step fails, the next removal goes on where this one stopped. */
export async function removal(input: WorkInput<RemovalRequest>): Promise<RemovalResult> {
  const run = begin(input);
  const { control, request } = run;
  const removed: string[] = [];
  let hasBegun = false;
  try {
    const remains = await lookPhase(run);
    if (control.stop) {
      control.changed({ why: control.stop.why });
      return await finish(run, 'refused', { removed });
    }
    hasBegun = true;
    await removePhase(run, remains, removed);
  } catch (error) {
    // A programming error parks the removal until a fixed worker replays it.
    if (!(error instanceof TemporalFailure)) throw error;
    control.changed({ why: messageOf(error), ...(!hasBegun && isSilence(error) && { unreachable: true }) });
    return finish(run, hasBegun ? 'removed in part' : 'refused', { removed });
  }
  if (request.options.keepLedger) return finish(run, 'removed', { removed });
  return finish(run, 'removed', { removed }, ({ step }, entry) =>
    summarised(slow.setStateAside, 'move the ledger into the archive', { ...step, entry }),
  );
}

function lookPhase(run: RemovalRun): Promise<Remains> {
  const { step, request } = run;
  return phase(run, 'preflight', async (record) => {
    const input = { ...step, options: request.options };
    const remains = await summarised(slow.beginRemoval, 'take the environment, list what goes', input);
    record.detail = 'took the environment from all other requests';
    return remains;
  });
}

/** Visitors come first: once the router knows no way to the app, nobody is sent to a container that goes. */
async function removePhase(run: RemovalRun, remains: Remains, removed: string[]): Promise<void> {
  const { step, control, request } = run;
  const { images: names, volumes, ledger } = remains;
  const told = (what: Removed): void => {
    removed.push(...what.removed);
    control.status.leftovers.push(...what.left);
  };
  await phase(run, 'retire', async (record) => {
    told(await summarised(slow.removeRoutes, 'take the routes out of the router', step));
    run.live = null;
    control.changed({ live: undefined });
    told(await summarised(slow.removeGroups, 'remove containers and network', step));
    if (names.length > 0) told(await summarised(slow.removeImages, 'remove images', { ...step, names }));
    if (volumes.length > 0) told(await summarised(slow.removeVolumes, 'remove volumes', { ...step, names: volumes }));
    if (request.options.backups) told(await summarised(slow.removeBackups, 'remove backups', step));
    control.status.leftovers.push(...remains.stays);
    record.detail =
      `${formatCount(removed.length, 'thing')} removed` + (ledger ? `; the ledger goes to ${ledger.to}` : '');
  });
}

function isSilence({ cause }: TemporalFailure): boolean {
  return cause instanceof ApplicationFailure && cause.type === 'UnreachableFailure';
}
