import { basename } from 'node:path';
import { rm } from 'node:fs/promises';
import Docker from 'dockerode';
import { LABELS } from '../../domain/names';
import type { Scope } from '../../domain/release';
import { networkName } from '../../targets/docker/names';
import { until } from './until';

/** Milliseconds after which an engine that does not answer has lost the question. */
const ANSWER_LIMIT = 120_000;

/** The engine of the tests, or the one of a world with its own. */
export function engine(host?: string): Docker {
  return new Docker({ timeout: ANSWER_LIMIT, ...(host && { socketPath: host.replace('unix://', '') }) });
}

/** What of an app is on the engine just now; sorted texts, so that two of them can be compared. */
export interface Traces {
  /** `NAME RELEASE IMAGE-ID STATE` */
  containers: string[];
  networks: string[];
  /** `TAG IMAGE-ID` */
  images: string[];
  volumes: string[];
}

export async function tracesOf({ app }: Scope, host?: string): Promise<Traces> {
  const docker = engine(host);
  const filters = { label: [`${LABELS.app}=${app}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const networks = await docker.listNetworks({ filters });
  const images = await docker.listImages();
  const { Volumes } = await docker.listVolumes();
  const tags = images.flatMap(({ RepoTags, Id }) => (RepoTags ?? []).map((tag) => `${tag} ${Id}`));
  return {
    containers: containers
      .map(({ Names, Labels, ImageID, State }) => `${Names[0]?.slice(1)} ${Labels[LABELS.release]} ${ImageID} ${State}`)
      .sort(),
    networks: networks.map(({ Name }) => Name).sort(),
    images: tags.filter((tag) => tag.startsWith(`${app}-`)).sort(),
    volumes: (Volumes ?? []).map(({ Name }) => Name).filter((name) => name.includes(app)),
  };
}

/** Removes everything of an app from the engine, and its router's container; nothing there is fine. */
export async function removeTraces(scope: Scope, routerDirectory: string, host?: string): Promise<void> {
  const docker = engine(host);
  const router = `spillway-${basename(routerDirectory)}`;
  const ours = async () => {
    const all = await docker.listContainers({ all: true });
    return all.filter(
      ({ Names, Labels, Mounts }) =>
        Labels[LABELS.app] === scope.app ||
        Names.includes(`/${router}`) ||
        Mounts.some(({ Source }) => Source.startsWith(routerDirectory)),
    );
  };
  const removed = async () => {
    for (const { Id } of await ours()) await unlessGone(docker.getContainer(Id).remove({ force: true }));
    await unlessGone(docker.getNetwork(networkName(scope)).remove());
    return (await ours()).length === 0;
  };
  // The engine may still be busy with what a worker asked it before it was killed.
  await until(removed, { what: `nothing of ${scope.app} to be left`, every: 200 });
  for (const line of (await tracesOf(scope, host)).images)
    await unlessGone(docker.getImage(line.split(' ')[0] as string).remove({ force: true }));
  // Written by root inside the router's container.
  await rm(routerDirectory, { recursive: true, force: true });
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
}
