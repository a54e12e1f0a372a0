import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { BackupFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import type { Group, Scope } from '../../domain/release';
import type { DockerContainers } from './containers';
import type { DockerData } from './data';
import { unless, statusOf, type DockerEngine } from './engine';
import { until } from '../../waiting/until';
import type { ReplicaRef } from '../replicas';
import type { ReplicaData, Volumes } from '../volumes';

const MOUNT = '/volume';
const CREATE_LOOKS = 50;
const CREATE_PAUSE_MS = 100;

interface Door {
  container: string;
  path: string;
  close: () => Promise<void>;
}

interface VolumeParts {
  engine: DockerEngine;
  host: Host;
  containers: DockerContainers;
  data: DockerData;
}

/** Reads named volumes through the engine alone, so that a remote engine works the same. */
export class DockerVolumes implements Volumes {
  constructor(private readonly parts: VolumeParts) {}

  async heldBy(scope: Owned, group: Group, io: Io): Promise<ReplicaData[]> {
    const { containers, data } = this.parts;
    const all = await Promise.all((await containers.inspectAll(scope, group, io)).map((info) => data.of(info, io)));
    return all.sort((a, b) => a.container.localeCompare(b.container));
  }

  async changedFiles(of: ReplicaRef, io: Io): Promise<string[]> {
    return this.parts.data.changed(await this.parts.containers.idOf(of, io), io);
  }

  removalCommand(volume: string): string {
    return `docker volume rm ${volume}`;
  }

  holdsData(source: string, io: Io): Promise<boolean> {
    return this.parts.data.holdsData(source, io);
  }

  async isThere(scope: Owned, path: string, io: Io): Promise<boolean> {
    // Only the engine sees the target's own files, whoever the worker is, and if it runs in a container itself.
    const canMount = await this.canMount(scope, path, io);
    return canMount ?? (await this.parts.host.run(['test', '-e', path], io)).exitCode === 0;
  }

  async archive(scope: Owned, volume: string, io: Io): Promise<Readable> {
    await this.inspect(volume, io);
    const door = (await this.mounted(volume, io)) ?? (await this.mount(scope, volume, io));
    try {
      const stream = (await this.parts.engine.call(
        io,
        (docker) => docker.getContainer(door.container).getArchive({ path: door.path, abortSignal: io.signal }),
        null,
      )) as Readable;
      stream.once('close', () => void door.close().catch(() => undefined));
      return stream;
    } catch (error) {
      await door.close();
      throw error;
    }
  }

  async size(volume: string, io: Io): Promise<number | undefined> {
    const { Mountpoint } = await this.inspect(volume, io);
    const { exitCode, stdout } = await this.parts.host.run(['du', '-sk', Mountpoint], io);
    const kibibytes = /^(\d+)\s/.exec(stdout)?.[1];
    return exitCode === 0 && kibibytes ? Number(kibibytes) * 1_024 : undefined;
  }

  async writersOf(volume: string, io: Io): Promise<(Scope & { container: string })[]> {
    return (await this.users(volume, io))
      .filter(({ Labels, Mounts }) => Labels[LABELS.slot] && Mounts.some(({ Name, RW }) => Name === volume && RW))
      .map(({ Id, Names, Labels }) => ({
        container: Names[0]?.slice(1) ?? Id.slice(0, 12),
        app: Labels[LABELS.app] ?? '',
        environment: Labels[LABELS.environment] ?? '',
      }));
  }

  private async inspect(volume: string, io: Io): Promise<Docker.VolumeInspectInfo> {
    try {
      return await this.parts.engine.call(io, (docker, abort) => docker.getVolume(volume).inspect(abort));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      // Creating a container would create the missing volume and hide the mistake.
      throw new BackupFailure(
        `expected a volume ${volume} on the engine, seen none: correct \`backup.volumes\` (\`docker volume ls\` lists them)`,
      );
    }
  }

  /** A container that mounts the volume already, running or not, leaves nothing to clean up. */
  private async mounted(volume: string, io: Io): Promise<Door | undefined> {
    for (const { Id, Mounts } of await this.users(volume, io)) {
      const mount = Mounts.find(({ Name }) => Name === volume);
      if (mount) return { container: Id, path: mount.Destination, close: () => Promise.resolve() };
    }
    return undefined;
  }

  /** The engine also finds containers that mount something else at a path of this name. */
  private users(volume: string, io: Io): Promise<Docker.ContainerInfo[]> {
    const filters = { volume: [volume] };
    return this.parts.engine.call(io, (docker, abort) => docker.listContainers({ all: true, filters, ...abort }));
  }

  /** Answers undefined where the engine has no image to try it with. */
  private async canMount(scope: Owned, path: string, io: Io): Promise<boolean | undefined> {
    const Mounts = [{ Type: 'bind' as const, Source: path, Target: MOUNT, ReadOnly: true }];
    try {
      const id = await this.neverStarted(scope, path, { Mounts }, io);
      if (id === undefined) return undefined;
      await this.removeContainer(id, io);
      return true;
    } catch (error) {
      if (statusOf(error) === 400) return false;
      throw error;
    }
  }

  private async mount(scope: Owned, volume: string, io: Io): Promise<Door> {
    // Without `nocopy` the engine would fill an empty volume with the image's files.
    const id = await this.neverStarted(scope, volume, { Binds: [`${volume}:${MOUNT}:ro,nocopy`] }, io);
    if (id === undefined)
      throw new BackupFailure(`expected an image on the engine, by which to read volume ${volume}, seen none`);
    const unstoppable = { ...io, signal: new AbortController().signal };
    return { container: id, path: MOUNT, close: () => this.removeContainer(id, unstoppable) };
  }

  /** Any image will do; answers undefined when the engine has none. */
  private async neverStarted(
    scope: Owned,
    source: string,
    mounts: Docker.HostConfig,
    io: Io,
  ): Promise<string | undefined> {
    const key = createHash('sha256').update(source).digest('hex').slice(0, 8);
    const name = `spillway.volume.${scope.app}.${scope.environment}.${key}`;
    let refusal: unknown;
    const made = await until({ signal: io.signal, pause: CREATE_PAUSE_MS, looks: CREATE_LOOKS }, async () => {
      const [image] = await this.parts.engine.call(io, (docker, abort) => docker.listImages({ ...abort }));
      if (!image) return { id: undefined };
      await this.removeLeft(scope, name, io);
      try {
        return await this.create(scope, { name, Image: image.Id, HostConfig: mounts }, io);
      } catch (error) {
        // The image has just been removed, or another worker has the name.
        if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
        refusal = error;
      }
    });
    if (!made) throw refusal;
    return made.id;
  }

  private create(scope: Owned, options: Docker.ContainerCreateOptions, io: Io): Promise<{ id: string }> {
    const Labels = { [LABELS.app]: scope.app, [LABELS.environment]: scope.environment, [LABELS.id]: scope.owner.id };
    const HostConfig = { ...options.HostConfig, NetworkMode: 'none' };
    return this.parts.engine.call(io, (docker) =>
      docker.createContainer({ ...options, Cmd: ['true'], Labels, HostConfig }),
    );
  }

  private async removeLeft(scope: Owned, name: string, io: Io): Promise<void> {
    const all = await this.parts.engine.call(io, (docker, abort) =>
      docker.listContainers({ all: true, filters: { name: [`^/${name}$`] }, ...abort }),
    );
    for (const { Id, Labels } of all.filter(({ Names }) => Names.includes(`/${name}`))) {
      if (isOwn(Labels, scope)) await this.removeContainer(Id, io);
    }
  }

  /** Its anonymous volumes go too: it never ran, so nobody wrote to them. */
  private async removeContainer(container: string, io: Io): Promise<void> {
    await this.parts.engine
      .call(io, (docker, abort) => docker.getContainer(container).remove({ force: true, v: true, ...abort }))
      // Or another worker removes it just now.
      .catch(unless(404, 409));
  }
}
