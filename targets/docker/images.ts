import { createInterface } from 'node:readline';
import type Docker from 'dockerode';
import { registryName, splitReference } from '../../domain/containers/reference';
import { cleanPath } from '../../domain/containers/volumes';
import { ImageFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import type { PinnedImage, Scope } from '../../domain/release';
import { packContext } from './context';
import { credentialsFor } from './credentials';
import { reasonOf, statusOf, unless, type Abort, type DockerEngine, type Surroundings } from './engine';
import { healthcheckOf } from './healthcheck';
import { ImageLooks } from './image-looks';
import { pruneImages } from './prune';
import type { ImageBuild, ImageFacts, ImageFiles, Images } from '../images';

const QUOTED_LINES = 20;
const CPU_PERIOD = 100_000;

interface Event {
  stream?: string;
  status?: string;
  id?: string;
  error?: string;
  aux?: { ID?: string };
}

export class DockerImages implements Images {
  private readonly looks: ImageLooks;

  constructor(
    private readonly engine: DockerEngine,
    private readonly variables: Surroundings['variables'],
  ) {
    this.looks = new ImageLooks(engine);
  }

  async build(build: ImageBuild, service: string, io: Io): Promise<PinnedImage> {
    const context = await packContext(build.directory, build.dockerfile, build.maxContext);
    const output: string[] = [];
    let id: string | undefined;
    const open = (docker: Docker, abort: Abort): Promise<NodeJS.ReadableStream> =>
      docker.buildImage(context, { ...buildOptions(build), ...abort });
    await this.follow(io, open, (event) => {
      id = event.aux?.ID ?? id;
      const line = (event.stream ?? event.status ?? '').trimEnd();
      if (line) io.onProgress(`building ${service}: ${line.slice(0, 200)}`);
      if (line) output.push(line);
      if (event.error) throw buildFailure(build.reference, event.error, output);
    }).catch((error: unknown) => {
      if (statusOf(error) === undefined) throw error;
      throw buildFailure(build.reference, reasonOf(error), output);
    });
    if (!id)
      throw new UnreachableFailure(
        `expected the build of ${build.reference} to end, seen its output break off: try again`,
      );
    const { Size } = await this.engine.call(io, (docker) => docker.getImage(id!).inspect());
    return { service, reference: build.reference, digest: id, size: Size, from: 'engine' };
  }

  async pull(reference: string, service: string, io: Io): Promise<PinnedImage> {
    const present = await this.inspect(reference, service, io);
    if (present) return present.image;
    const { repository, tag, digest } = splitReference(reference);
    const authconfig = await credentialsFor(repository, this.variables);
    const options = { fromImage: repository, tag: digest ?? tag ?? 'latest' };
    const open = (docker: Docker, abort: Abort): Promise<NodeJS.ReadableStream> =>
      docker.createImage(authconfig ?? {}, { ...options, ...abort });
    await this.follow(io, open, ({ status, id, error }) => {
      if (status) io.onProgress(`pulling ${reference}: ${id ? `${id} ` : ''}${status}`);
      if (error) throw new UnreachableFailure(`expected to pull ${reference}, seen ${error}: check the registry`);
    }).catch((error: unknown) => {
      throw pullFailure(reference, authconfig !== undefined, error);
    });
    const pulled = await this.inspect(reference, service, io);
    if (pulled) return pulled.image;
    throw new ImageFailure(`expected ${reference} on the engine after it was pulled, seen none: check the reference`);
  }

  async expectInRegistry(reference: string, io: Io): Promise<void> {
    const authconfig = await credentialsFor(splitReference(reference).repository, this.variables);
    try {
      await this.engine.call(io, (docker, abort) =>
        docker.getImage(reference).distribution({ ...(authconfig && { authconfig }), ...abort }),
      );
    } catch (error) {
      throw pullFailure(reference, authconfig !== undefined, error);
    }
  }

  async inspect(reference: string, service: string, io: Io): Promise<ImageFacts | undefined> {
    const found = await this.find(reference, io);
    if (!found) return undefined;
    const { Config, Size } = found;
    const app = Config.Labels?.[LABELS.app];
    const healthcheck = healthcheckOf(Config.Healthcheck);
    return {
      image: { service, reference, ...pinOf(found, reference), size: Size },
      user: Config.User ?? '',
      env: Object.fromEntries((Config.Env ?? []).map((pair) => splitPair(pair))),
      ...(healthcheck && { healthcheck }),
      volumes: Object.keys(Config.Volumes ?? {}),
      ...(app !== undefined && { app }),
    };
  }

  async look(image: Pick<PinnedImage, 'reference' | 'digest'>, io: Io): Promise<ImageFiles> {
    const name = await this.exactName(image, io);
    const { Id: id, Config } = await this.engine.call(io, (docker) => docker.getImage(name).inspect());
    return this.looks.look({ id, volumes: Object.keys(Config.Volumes ?? {}).map(cleanPath) }, io);
  }

  /** Answers an image id or repository digest, by which a container runs exactly this image. */
  async exactName({ reference, digest }: Pick<PinnedImage, 'reference' | 'digest'>, io: Io): Promise<string> {
    const names = [digest, registryName({ reference, digest })];
    for (const name of names) {
      if (await this.find(name, io)) return name;
    }
    throw new ImageFailure(
      `expected image ${reference} with digest ${digest} on the engine, seen none: build or pull it again`,
    );
  }

  async tag(reference: string, digest: string, io: Io): Promise<void> {
    const { repository: repo, tag = 'latest' } = splitReference(reference);
    const image = await this.exactName({ reference, digest }, io);
    await this.engine.call(io, (docker, abort) => docker.getImage(image).tag({ repo, tag, ...abort }));
  }

  async remove(reference: string, io: Io): Promise<boolean> {
    try {
      await this.engine.call(io, (docker, abort) => docker.getImage(reference).remove({ ...abort }));
    } catch (error) {
      if (statusOf(error) === 404) return false;
      if (statusOf(error) !== 409) throw error;
      // A container uses the image, so only its name is removed. Without a name there is nothing to remove.
      if (reference.startsWith('sha256:') || reference.includes('@')) return false;
      await this.untag(reference, io);
    }
    return true;
  }

  prune(scope: Scope, keep: number, io: Io): Promise<string[]> {
    return pruneImages({ engine: this.engine, images: this, app: scope.app, keep }, io);
  }

  private async untag(reference: string, io: Io): Promise<void> {
    await this.engine
      .call(io, (docker, abort) => docker.getImage(reference).remove({ force: true, ...abort }))
      .catch(unless(404, 409));
  }

  private find(name: string, io: Io): Promise<Docker.ImageInspectInfo | undefined> {
    return this.engine.call(io, (docker) => docker.getImage(name).inspect()).catch(unless(404));
  }

  private follow(
    io: Io,
    open: (docker: Docker, abort: Abort) => Promise<NodeJS.ReadableStream>,
    take: (event: Event) => void,
  ): Promise<void> {
    const read = async (docker: Docker, abort: Abort): Promise<void> => {
      const stream = await open(docker, abort);
      try {
        for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
          if (line.trim()) take(JSON.parse(line) as Event);
        }
      } finally {
        (stream as unknown as { destroy: () => void }).destroy();
      }
    };
    return this.engine.call(io, read, null);
  }
}

function buildOptions(build: ImageBuild): Docker.ImageBuildOptions {
  return {
    t: build.reference,
    dockerfile: build.dockerfile,
    buildargs: build.args,
    labels: build.labels ?? {},
    rm: true,
    forcerm: true,
    ...(build.target && { target: build.target }),
    ...(build.cpu && { cpuperiod: CPU_PERIOD, cpuquota: Math.round(build.cpu * CPU_PERIOD) }),
  };
}

/** The engine removes layers that no image uses, also while a build is about to begin from one that it has in its cache. */
const CACHE_IS_GONE = /(unable to find|no such) image:? "?sha256:/i;

function buildFailure(reference: string, error: string, output: string[]): ImageFailure | UnreachableFailure {
  if (CACHE_IS_GONE.test(error))
    return new UnreachableFailure(
      `expected the engine to keep the layers that ${reference} is built from, seen ${error}: try again`,
    );
  const last = output.slice(-QUOTED_LINES).join('\n');
  const quoted = last ? `; its last lines were:\n${last}` : '';
  return new ImageFailure(`expected to build ${reference}, seen ${error}${quoted}`);
}

function pullFailure(reference: string, withCredentials: boolean, error: unknown): unknown {
  const status = statusOf(error);
  if (status === undefined) return error;
  const how = withCredentials ? 'with the credentials of the Docker configuration' : 'without credentials';
  const message = `expected to pull ${reference} ${how}, seen ${reasonOf(error)}`;
  // 404 means that the image does not exist, or not for us. Other errors may pass.
  if (status === 404) return new ImageFailure(`${message}: correct \`image\`, or run \`docker login\` for the worker`);
  return new UnreachableFailure(`${message}: check the registry and \`docker login\``);
}

function pinOf({ Id, RepoDigests }: Docker.ImageInspectInfo, reference: string): Pick<PinnedImage, 'digest' | 'from'> {
  const { repository, digest } = splitReference(reference);
  if (digest) return { digest, from: 'registry' };
  const own = (RepoDigests ?? []).find((name) => sameRepository(splitReference(name).repository, repository));
  return own ? { digest: own.slice(own.indexOf('@') + 1), from: 'registry' } : { digest: Id, from: 'engine' };
}

/** Docker leaves out `docker.io/library/`, which people may write. */
function sameRepository(one: string, other: string): boolean {
  const plain = (name: string): string => name.replace(/^docker\.io\//, '').replace(/^library\//, '');
  return plain(one) === plain(other);
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}
