import type Docker from 'dockerode';
import { originOf, splitReference } from '../../domain/containers/reference';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import type { PinnedImage } from '../../domain/release';
import type { Removed } from '../../domain/removal';
import { reasonOf, statusOf, unless, type DockerEngine } from './engine';
import type { Candidates, Found, InUse, Leaving } from '../leaving';

interface World {
  own: Docker.ContainerInfo[];
  others: Docker.ContainerInfo[];
  networks: Docker.NetworkInspectInfo[];
  images: Docker.ImageInfo[];
  volumes: string[];
}

/** Takes from the engine what is the environment's own, by its labels, and nothing that another container uses. */
export class DockerLeaving implements Leaving {
  constructor(private readonly engine: DockerEngine) {}

  async look(scope: Owned, candidates: Candidates, io: Io): Promise<Found> {
    const world = await this.world(scope, io);
    const networks = ownNetworks(scope, world).map(({ Name }) => inNetwork(Name, world));
    const volumes = candidates.volumes
      .filter((name) => world.volumes.includes(name))
      .map((name) => onVolume(name, world));
    return {
      containers: world.own.map(nameOf).sort(),
      networks: free(networks),
      images: [...new Set([...builtFor(scope, world), ...pulledFor(candidates.images, world)])].sort(),
      volumes: free(volumes),
      inUse: [...networks, ...volumes].filter((one): one is InUse => one.by !== undefined),
    };
  }

  async removeRest(scope: Owned, io: Io): Promise<Removed> {
    const world = await this.world(scope, io);
    const helpers = world.own.filter(({ Labels }) => Labels[LABELS.slot] === undefined);
    for (const { Id } of helpers) {
      await this.engine
        .call(io, (docker, abort) => docker.getContainer(Id).remove({ force: true, v: true, ...abort }))
        .catch(unless(404, 409));
    }
    const answer: Removed = { removed: helpers.map(nameOf), left: [] };
    for (const { Id, Name } of ownNetworks(scope, world)) {
      const { by } = inNetwork(Name, world);
      if (by === undefined) await this.take(Name, (docker, abort) => docker.getNetwork(Id).remove(abort), answer, io);
      else answer.left.push(stays('network', { name: Name, by }));
    }
    return answer;
  }

  async removeImages(names: string[], io: Io): Promise<Removed> {
    const answer: Removed = { removed: [], left: [] };
    for (const name of names) await this.take(name, (docker, abort) => docker.getImage(name).remove(abort), answer, io);
    return answer;
  }

  async removeVolumes(names: string[], io: Io): Promise<Removed> {
    const answer: Removed = { removed: [], left: [] };
    for (const name of names)
      await this.take(name, (docker, abort) => docker.getVolume(name).remove(abort), answer, io);
    return answer;
  }

  /** The engine itself refuses what somebody has begun to use meanwhile. */
  private async take(
    name: string,
    remove: (docker: Docker, abort: { abortSignal: AbortSignal }) => Promise<unknown>,
    answer: Removed,
    io: Io,
  ): Promise<void> {
    try {
      await this.engine.call(io, remove);
      answer.removed.push(name);
      io.onProgress(`removed ${name}`);
    } catch (error) {
      const status = statusOf(error);
      if (status === 404) return;
      if (status !== 409 && status !== 403) throw error;
      answer.left.push(`${name} stays: ${reasonOf(error)}`);
    }
  }

  private async world(scope: Owned, io: Io): Promise<World> {
    const [containers, networks, images, { Volumes }] = await Promise.all([
      this.engine.call(io, (docker, abort) => docker.listContainers({ all: true, ...abort })),
      this.engine.call(io, (docker, abort) => docker.listNetworks({ ...abort })),
      this.engine.call(io, (docker, abort) => docker.listImages({ ...abort })),
      this.engine.call(io, (docker, abort) => docker.listVolumes({ ...abort })),
    ]);
    const own = containers.filter(({ Labels }) => isOwn(Labels, scope));
    const others = containers.filter((one) => !own.includes(one));
    return { own, others, networks, images, volumes: (Volumes ?? []).map(({ Name }) => Name) };
  }
}

interface Looked {
  name: string;
  by?: string;
}

export function stays(kind: string, { name, by }: InUse): string {
  return `${kind} ${name} stays, because container ${by} uses it`;
}

function free(all: Looked[]): string[] {
  return all.filter(({ by }) => by === undefined).map(({ name }) => name);
}

function ownNetworks(scope: Owned, { networks }: World): Docker.NetworkInspectInfo[] {
  return networks.filter(({ Labels }) => isOwn(Labels ?? {}, scope));
}

/** A container that is stopped could not start again without its network. */
function inNetwork(name: string, { others }: World): Looked {
  const user = others.find(({ NetworkSettings }) => Object.hasOwn(NetworkSettings?.Networks ?? {}, name));
  return { name, ...(user && { by: nameOf(user) }) };
}

function onVolume(name: string, { others }: World): Looked {
  const user = others.find(({ Mounts }) => Mounts.some((mount) => mount.Name === name));
  return { name, ...(user && { by: nameOf(user) }) };
}

function nameOf({ Id, Names }: Docker.ContainerInfo): string {
  return Names[0]?.slice(1) ?? Id.slice(0, 12);
}

/** The labels name no environment, since all environments of an app share what was built for it. */
function builtFor({ app, environment }: Owned, world: World): string[] {
  const labels = [...world.others, ...world.networks].map(({ Labels }) => Labels ?? {});
  const isShared = labels.some((one) => one[LABELS.app] === app && one[LABELS.environment] !== environment);
  if (isShared) return [];
  const built = unused(world).filter(({ Labels }) => Labels?.[LABELS.app] === app);
  return built.flatMap((image) => namesOf(image, () => true));
}

/** What came from elsewhere may have come before Spillway, and could not be had again. */
function pulledFor(images: PinnedImage[], world: World): string[] {
  const pulled = images.filter((image) => originOf(image) === 'registry');
  const references = new Set(pulled.map(({ reference }) => plain(reference)));
  return unused(world)
    .filter(({ RepoDigests }) => pulled.some(({ digest }) => RepoDigests?.some((name) => name.endsWith(`@${digest}`))))
    .flatMap((image) => namesOf(image, (name) => references.has(plain(name))));
}

function unused({ images, others }: World): Docker.ImageInfo[] {
  const used = new Set(others.map(({ ImageID }) => ImageID));
  return images.filter(({ Id }) => !used.has(Id));
}

/** An image without any name goes by its id; one that somebody else has named keeps that name. */
function namesOf({ Id, RepoTags }: Docker.ImageInfo, isOurs: (name: string) => boolean): string[] {
  const names = (RepoTags ?? []).filter((name) => name !== '<none>:<none>');
  return names.length === 0 ? [Id] : names.filter(isOurs);
}

/** Docker leaves out `docker.io/library/` and writes `:latest`, as people may not. */
function plain(reference: string): string {
  const { repository, tag = 'latest' } = splitReference(reference);
  return `${repository.replace(/^docker\.io\//, '').replace(/^library\//, '')}:${tag}`;
}
