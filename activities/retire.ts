import { OutdatedFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { Group } from '../domain/release';
import { until } from '../waiting/until';
import { pruneBackups } from './backup/prune';
import { REPORTS } from './canary/picture';
import { expectNoTraffic } from './group-traffic';
import { withStep } from './io';
import type { StepParts } from './io';
import { keptBy, removeContainers } from './kept-volumes';
import type { Parts } from './parts';
import type { Activities } from './steps';

/** An engine or a router that restarts answers within this time. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 1_000;
const REPORTS_KEPT = 20;

type Input = Parameters<Activities['retire']>[0];

/** The new version serves already, so what cannot be tidied up is reported and fails no release. */
export const retireActivities = (parts: Parts): Pick<Activities, 'retire'> => ({
  retire: (input) =>
    withStep(parts, input, async (step) => {
      const { target, io, release } = step;
      const { config } = input;
      // Images come last: those of the old containers are free only once the containers are gone.
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

async function removeOld(input: Input, group: Group, step: StepParts): Promise<void> {
  const { target, io, release, assertFence } = step;
  if ((await target.replicas.list(release, group, io)).length === 0) return;
  await expectNoTraffic(input.slot, 'it is removed', step);
  await assertFence();
  await removeContainers(input, { group }, step);
}

/** Folders are named by ids that begin with the time, so the newest sort last. */
async function pruneReports({ state: { documents }, io }: StepParts): Promise<void> {
  const old = (await documents.list(REPORTS, io)).sort().reverse().slice(REPORTS_KEPT);
  for (const id of old) await documents.remove(`${REPORTS}/${id}`, io);
}

async function tidy(what: string, io: Io, parts: Parts, body: () => Promise<unknown>): Promise<string | undefined> {
  let seen = '';
  const ended = await until({ signal: io.signal, pause: PAUSE_MS, limit: PATIENCE_MS }, async () => {
    try {
      await body();
      return 'tidy';
    } catch (error) {
      io.signal.throwIfAborted();
      if (error instanceof OutdatedFailure) throw error;
      seen = error instanceof Error ? error.message : String(error);
      if (!(error instanceof UnreachableFailure)) return 'left';
      io.onProgress(`${what} yet`);
    }
  });
  return ended === 'tidy' ? undefined : `${what}: ${parts.redact(seen)}`;
}
