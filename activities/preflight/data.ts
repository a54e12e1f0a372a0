import { makesFresh } from '../../domain/fresh';
import { judgeData, mountAt, type HeldData } from '../../domain/containers/data';
import type { Io } from '../../domain/host';
import type { Owned } from '../../domain/ownership';
import type { Finding } from '../../domain/preflight';
import type { Live } from '../../domain/release';
import type { ReplicaRef } from '../../targets/replicas';
import type { Target } from '../../targets/target';
import { within } from '../../waiting/within';
import type { Step } from '../steps';

const CHANGES_MS = 5_000;

export async function checkData(
  input: Pick<Step, 'config'> & { release: Owned; live: Live | null; isCompared: boolean },
  target: Target,
  io: Io,
): Promise<Finding> {
  const { config, live, isCompared, release } = input;
  const held = live ? await target.volumes.heldBy(release, live.slot, io) : [];
  const all: HeldData[] = await Promise.all(
    held.map(async (one) => ({
      ...one,
      // A container with a read-only root has changed nothing.
      changed: one.readOnlyRoot ? [] : await changedFiles({ scope: release, group: live!.slot, ...one }, target, io),
    })),
  );
  const filled = await filledSources(all, input, target, io);
  const sharing = await sharedSources(input, target, io);
  return judgeData(all, { config, filled, copies: makesFresh(config, !isCompared), sharing });
}

/** This only serves a warning, so an engine that cannot tell or is slow blocks no release. */
async function changedFiles(of: ReplicaRef, target: Target, io: Io): Promise<string[]> {
  const looking = within({ signal: io.signal, limit: CHANGES_MS }, (signal) =>
    target.volumes.changedFiles(of, { ...io, signal }),
  );
  return looking.catch(() => {
    io.signal.throwIfAborted();
    return [];
  });
}

async function filledSources(
  held: HeldData[],
  { config }: Pick<Step, 'config'>,
  target: Target,
  io: Io,
): Promise<string[]> {
  const wanted = held.flatMap(({ service, anonymous }) =>
    anonymous.map(({ path }) => mountAt(config.services[service]?.volumes ?? [], path)?.source),
  );
  const sources = [...new Set(wanted)].filter((source) => source !== undefined);
  const filled = await Promise.all(sources.map((source) => target.volumes.holdsData(source, io)));
  return sources.filter((_, index) => filled[index]);
}

async function sharedSources(
  { config, release }: Pick<Step, 'config'> & { release: Owned },
  target: Target,
  io: Io,
): Promise<{ source: string; container: string }[]> {
  const written = Object.values(config.services).flatMap(({ volumes }) =>
    volumes.filter(({ source, readOnly }) => !readOnly && !source.startsWith('/')).map(({ source }) => source),
  );
  const found = await Promise.all(
    [...new Set(written)].map(async (source) =>
      (await target.volumes.writersOf(source, io)).map((writer) => ({ source, ...writer })),
    ),
  );
  return found
    .flat()
    .filter(({ app, environment }) => app !== release.app || environment !== release.environment)
    .map(({ source, container }) => ({ source, container }));
}
