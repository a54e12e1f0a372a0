import { setTimeout as sleep } from 'node:timers/promises';
import { OutdatedFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Group } from '../domain/release';
import { greenShare } from '../domain/shares';
import { pruneBackups } from './backup/prune';
import { REPORTS } from './canary/picture';
import { withStep } from './io';
import type { StepParts } from './io';
import { keptBy, removeContainers } from './kept-volumes';
import type { Parts } from './parts';
import type { Activities } from './steps';

/** An engine or a router that is just restarting answers within this. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 1_000;
/** Releases whose pictures are kept. */
const REPORTS_KEPT = 20;

type Input = Parameters<Activities['retire']>[0];

/** Past the point of no return: what cannot be tidied up is told, and never fails a release that serves already. */
export const retireActivities = (parts: Parts): Pick<Activities, 'retire'> => ({
  retire: (input) =>
    withStep(parts, input, async (step) => {
      const { target, io, release } = step;
      const { config } = input;
      // Images last: those of the old containers are free only once these are gone.
      const leftovers = [
        await tidy(`${input.slot} could not be removed`, io, parts, () => removeOld(input, input.slot, step)),
        await tidy('the fresh baseline could not be removed', io, parts, () => removeOld(input, 'baseline', step)),
        await tidy('old backups could not be removed', io, parts, () => pruneBackups(parts, input, io)),
        await tidy('old reports could not be removed', io, parts, () => pruneReports(step)),
        await tidy('old images could not be removed', io, parts, () =>
          target.images.prune(release, config.retire.keepImages, io),
        ),
      ];
      let kept: string[] = [];
      const unknown = await tidy('what is kept could not be found', io, parts, async () => {
        kept = await keptBy(step);
      });
      return { leftovers: [...leftovers, unknown, ...kept].filter((text) => text !== undefined) };
    }),
});

async function removeOld(
  input: Input,
  group: Group,
  { target, router, state, io, release, assertFence }: StepParts,
): Promise<void> {
  const { slot } = input;
  if ((await target.replicas.list(release, group, io)).length === 0) return;
  const share = await router.greenShare(release, io);
  if (share !== undefined && share !== greenShare(slot, 0)) {
    throw new Error(`expected it to have no traffic, seen ${share} % going to green`);
  }
  await assertFence();
  await removeContainers(input, group, undefined, { target, state, release, io });
}

/** Keeps the pictures of the newest releases: their folders are named by ids that begin with the time. */
async function pruneReports({ state: { documents }, io }: StepParts): Promise<void> {
  const old = (await documents.list(REPORTS, io)).sort().reverse().slice(REPORTS_KEPT);
  for (const id of old) await documents.remove(`${REPORTS}/${id}`, io);
}

/** Tries for a while when something does not answer; tells what went wrong in the end, in words. */
async function tidy(what: string, io: Io, parts: Parts, body: () => Promise<unknown>): Promise<string | undefined> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await body();
      return undefined;
    } catch (error) {
      io.signal.throwIfAborted();
      if (error instanceof OutdatedFailure) throw error;
      const seen = error instanceof Error ? error.message : String(error);
      const isTransient = error instanceof UnreachableFailure && Date.now() < until;
      if (!isTransient) return `${what}: ${parts.redact(seen)}`;
      io.onProgress(`${what} yet`);
      await sleep(PAUSE_MS, undefined, { signal: io.signal });
    }
  }
}
