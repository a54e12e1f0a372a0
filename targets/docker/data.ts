import { posix } from 'node:path';
import type Docker from 'dockerode';
import type { Host, Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { mayGo } from '../../domain/containers/volumes';
import { DISCARD_LABEL } from './container-options';
import { unless, type DockerEngine } from './engine';
import type { AnonymousVolume, ReplicaData } from '../volumes';

const DELETED = 2;

export class DockerData {
  constructor(
    private readonly engine: DockerEngine,
    private readonly host: Host,
  ) {}

  async of(info: Docker.ContainerInspectInfo, io: Io): Promise<ReplicaData> {
    const { Labels } = info.Config;
    return {
      container: info.Name.slice(1),
      service: Labels[LABELS.service] ?? '',
      replica: Number(Labels[LABELS.replica]),
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

  /** A folder is listed only when it has no listed files. */
  async changed(container: string, io: Io): Promise<string[]> {
    const changes = (await this.engine.call(io, (docker, abort) => docker.getContainer(container).changes(abort))) as
      { Path: string; Kind: number }[] | null;
    const folders = new Set((changes ?? []).map(({ Path }) => posix.dirname(Path)));
    return (changes ?? []).filter(({ Path, Kind }) => Kind !== DELETED && !folders.has(Path)).map(({ Path }) => Path);
  }

  /** Also removes its anonymous volumes that may go. A missing container is fine. */
  async remove(info: Docker.ContainerInspectInfo, io: Io): Promise<void> {
    const anonymous = await this.anonymous(info, io);
    const going = anonymous.filter(({ stays }) => !stays);
    // The engine removes all anonymous volumes at once or none. 409 means that its removal is in progress already.
    const v = going.length === anonymous.length;
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(info.Id).remove({ force: true, v, ...abort }))
      .catch(unless(404, 409));
    if (v) return;
    for (const { volume } of going) await this.removeVolume(volume, io);
  }

  async holdsData(source: string, io: Io): Promise<boolean> {
    if (source.startsWith('/')) return (await this.host.listFiles(source, io)).length > 0;
    const mountpoint = await this.mountpoint(source, io);
    if (mountpoint === undefined) return false;
    const listed = await this.host.run(['ls', '-A', mountpoint], io).catch(() => io.signal.throwIfAborted());
    return listed?.exitCode !== 0 || listed.stdout.trim() !== '';
  }

  private async mountpoint(volume: string, io: Io): Promise<string | undefined> {
    const found = await this.engine
      .call(io, (docker, abort) => docker.getVolume(volume).inspect(abort))
      .catch(unless(404));
    return found?.Mountpoint;
  }

  private async removeVolume(volume: string, io: Io): Promise<void> {
    await this.engine.call(io, (docker, abort) => docker.getVolume(volume).remove(abort)).catch(unless(404, 409));
  }

  private anonymous(info: Docker.ContainerInspectInfo, io: Io): Promise<AnonymousVolume[]> {
    const discard = acceptedBy(info);
    return Promise.all(
      mountsOf(info)
        .filter((mount) => isAnonymous(mount, info))
        .map(async ({ Name: volume, Destination: path }) => {
          const accepted = mayGo(path, discard);
          const stays = !accepted && (await this.holdsData(volume!, io));
          return { volume: volume!, path, accepted, stays };
        }),
    );
  }
}

/** A container from another program or an older Spillway accepts no path. */
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

function isAnonymous({ Type, Name }: Mount, { HostConfig }: Docker.ContainerInspectInfo): boolean {
  const asked = [
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[0]),
    ...(HostConfig.Mounts ?? []).map(({ Source }) => Source),
  ];
  return Type === 'volume' && Name !== undefined && !asked.includes(Name);
}
