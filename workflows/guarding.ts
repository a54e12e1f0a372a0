import { sleep } from '@temporalio/workflow';
import type { WatchInput } from '../activities/steps';
import type { Trouble } from '../domain/guard';
import { KINDS } from '../domain/kinds';
import { releaseWorkflowId } from '../domain/names';
import type { Request } from '../domain/request';
import { formatDuration } from '../domain/units';
import { paceOf, WATCH_PACES } from './pace';
import { summarised } from './run';
import { patient, quick } from './steps';

/** The first look comes after this part of the guard time: most healthy requests are over by then. */
const FIRST_LOOK = 0.1;

/** Configurations that an older command read have no guard time, and the environment must go on all the same. */
const UNSAID = 10 * 60_000;

export interface Guarded {
  /** Called with what is wrong, and without it once all is well again. */
  trouble: (what?: string) => void;
  endedFor?: string;
}

/** A release whose code fails on every try cannot judge or undo, so it is ended when that lasts for the guard time. */
export async function guard(request: Request, runId: string, told: Guarded): Promise<void> {
  const { guard: time = UNSAID } = request.config;
  const release = { workflowId: releaseWorkflowId(request), runId };
  await sleep(Math.ceil(time * FIRST_LOOK), { summary: 'before the first look whether it goes on' });
  for (;;) {
    const seen = await watch({ ...release, until: 'trouble' });
    if (!seen) return;
    const { spared } = KINDS[request.kind];
    const trouble: Trouble = { ...seen, ...(spared !== undefined && { spared }) };
    told.trouble(inWords(trouble, Date.now() + time));
    const still = await watch({ ...release, until: 'well', atMost: trouble.spared ? null : time });
    if (still) {
      // This is set first, since the end of the release arrives before the answer of the step that ends it.
      const why =
        (told.endedFor = `its environment ended it after ${formatDuration(time)}, without undo: ${still.why}`);
      const { ended } = await summarised(quick.terminateRelease, 'end what cannot go on', { ...release, why });
      if (ended) return;
      delete told.endedFor;
    }
    told.trouble();
  }
}

async function watch(input: WatchInput): Promise<Trouble | null> {
  const hasTrouble = input.until === 'well';
  const summary = hasTrouble ? 'wait for a corrected worker' : 'watch whether it goes on';
  for (let handedOver = 0; ; handedOver += 1) {
    const { heartbeatTimeout, handOver } = paceOf(WATCH_PACES, handedOver);
    const given = hasTrouble || handOver === undefined ? input : { ...input, handOver };
    const seen = await patient.watchRelease.executeWithOptions({ summary, heartbeatTimeout }, [given]);
    if (seen !== 'goes on') return seen;
  }
}

function inWords({ why, spared }: Trouble, until: number): string {
  const then = spared
    ? `It is left as it is, as ${spared}; a corrected worker takes it up`
    : `Unless a corrected worker takes it up by ${new Date(until).toISOString()} it is ended, and all traffic goes to the live version`;
  return `${why}. ${then}`;
}
