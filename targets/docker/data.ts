import { posix } from 'node:path';
import type Docker from 'dockerode';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { mayGo } from '../../domain/containers/volumes';
import { DISCARD_LABEL } from './container-options';
import { unless, type DockerEngine } from './engine';
import type { DockerVolumes } from './volumes';
import type { AnonymousVolume, ContainerData } from '../target';

/** What a change of a container's own files was, as the engine counts. */
const DELETED = 2;

/** What the containers of one engine hold, and what of it outlives them. */
export class DockerData {
  constructor(
    private readonly engine: DockerEngine,
    private readonly volumes: DockerVolumes,
  ) {}

  async of(info: Docker.ContainerInspectInfo, io: Io): Promise<ContainerData> {
    const { Labels } = info.Config;
    return {
      container: info.Name.slice(1),
      service: Labels[LABELS.service] ?? '',
      releaseId: Labels[LABELS.release] ?? '',
      version: Labels[LABELS.version] ?? '',
      anonymous: await this.anonymous(info, io),
      mounted: mountsOf(info)
        .filter((mount) => !isAnonymous(mount, info))
        .map(({ Type, Name, Source, Destination }) => ({
          source: Type === 'volume' && Name ? Name : Source,
          target: Destination,
        })),
      readOnlyRoot: info.HostConfig.ReadonlyRootfs ?? false,
    };
  }

  /** Files, and folders without any, that a container made or changed in itself. */
  async changed(container: string, io: Io): Promise<string[]> {
    const changes = (await this.engine.call(io, (docker, abort) => docker.getContainer(container).changes(abort))) as
      { Path: string; Kind: number }[] | null;
    const folders = new Set((changes ?? []).map(({ Path }) => posix.dirname(Path)));
    return (changes ?? []).filter(({ Path, Kind }) => Kind !== DELETED && !folders.has(Path)).map(({ Path }) => Path);
  }

  /** Removes a container, and of its volumes without a name those that may go. One that is gone is fine. */
  async remove(info: Docker.ContainerInspectInfo, io: Io): Promise<void> {
    const anonymous = await this.anonymous(info, io);
    const going = anonymous.filter(({ stays }) => !stays);
    // The engine removes all of them at once or none. 409: its removal is in progress, by an attempt before this one.
    const v = going.length === anonymous.length;
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(info.Id).remove({ force: true, v, ...abort }))
      .catch(unless(404, 409));
    if (v) return;
    for (const { volume } of going) await this.volumes.remove(volume, io);
  }

  private anonymous(info: Docker.ContainerInspectInfo, io: Io): Promise<AnonymousVolume[]> {
    const discard = acceptedBy(info);
    return Promise.all(
      mountsOf(info)
        .filter((mount) => isAnonymous(mount, info))
        .map(async ({ Name: volume, Destination: path }) => {
          const accepted = mayGo(path, discard);
          const stays = !accepted && (await this.volumes.holdsData(volume!, io));
          return { volume: volume!, path, accepted, stays };
        }),
    );
  }
}

/** None by a container that another program, or an older Spillway, made. */
function acceptedBy({ Config }: Docker.ContainerInspectInfo): string[] {
  try {
    return JSON.parse(Config.Labels[DISCARD_LABEL] ?? '[]') as string[];
  } catch {
    return [];
  }
}

type Mount = Docker.ContainerInspectInfo['Mounts'][number] & { Type?: string };

function mountsOf({ Mounts }: Docker.ContainerInspectInfo): Mount[] {
  return Mounts;
}

/** The engine made up its name: nobody asked for it by one. */
function isAnonymous({ Type, Name }: Mount, { HostConfig }: Docker.ContainerInspectInfo): boolean {
  const asked = [
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[0]),
    ...(HostConfig.Mounts ?? []).map(({ Source }) => Source),
  ];
  return Type === 'volume' && Name !== undefined && !asked.includes(Name);
}
