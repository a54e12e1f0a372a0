import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { cleanPath, isWithin, SCRATCH } from '../../domain/containers/volumes';
import { UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { until } from '../../waiting/until';
import { statusOf, unless, type DockerEngine } from './engine';
import type { ImageFiles } from '../images';

const LOOKS = 50;
const PAUSE_MS = 100;
const MOST_LINKS = 8;
const MOST_BYTES = 1024 * 1024;
/** Images do not change, so a worker looks once. More than these are forgotten. */
const MOST_KNOWN = 500;

export interface LookedAt {
  id: string;
  /** Paths at which the image has a VOLUME. */
  volumes: string[];
}

interface Found {
  /** It has nothing but folders in which volumes are mounted. */
  isEmpty: boolean;
  /** Absent for a folder. */
  text?: string;
}

/** Looks into images without running them, by a container that is made of the image and never started. */
export class ImageLooks {
  private readonly known = new Map<string, ImageFiles>();

  constructor(private readonly engine: DockerEngine) {}

  async look(image: LookedAt, io: Io): Promise<ImageFiles> {
    const known = this.known.get(image.id);
    if (known) return known;
    const files = await until({ signal: io.signal, pause: PAUSE_MS, looks: LOOKS }, () => this.lookOnce(image, io));
    if (!files)
      throw new UnreachableFailure(`expected to look into image ${image.id}, seen its container gone: try again`);
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(image.id, files);
    return files;
  }

  /**
   * The name is the same for every worker, so that the container of one that was killed is used and removed by the next.
   * Answers undefined when another worker removed it meanwhile.
   */
  private async lookOnce({ id, volumes }: LookedAt, io: Io): Promise<ImageFiles | undefined> {
    const name = `spillway.look.${id.replace('sha256:', '').slice(0, 24)}`;
    const container = await this.create(name, id, io);
    if (container === undefined) return undefined;
    try {
      const [passwd, group, scratch] = await Promise.all(
        ['/etc/passwd', '/etc/group', SCRATCH].map((path) => this.find({ container, path, volumes }, io)),
      );
      const files = {
        ...(passwd?.text !== undefined && { passwd: passwd.text }),
        ...(group?.text !== undefined && { group: group.text }),
        hasScratch: scratch !== undefined && !scratch.isEmpty,
      };
      return (await this.remove(container, io)) ? files : undefined;
    } catch (error) {
      const unstoppable = { ...io, signal: new AbortController().signal };
      const wasThere = await this.remove(container, unstoppable).catch(() => true);
      io.signal.throwIfAborted();
      // Reading fails in many ways while another worker removes the container.
      if (wasThere) throw error;
      return undefined;
    }
  }

  /** Answers its id, since others may make and remove containers of this name meanwhile; undefined when one just did. */
  private async create(name: string, image: string, io: Io): Promise<string | undefined> {
    const options = { name, Image: image, Cmd: ['true'], HostConfig: { NetworkMode: 'none' } };
    const made = await this.engine
      .call(io, (docker, abort) => docker.createContainer({ ...options, ...abort }))
      // 409 means that another worker looks at the same image, or was killed while it did.
      .catch(unless(409));
    if (made) return made.id;
    const found = await this.engine
      .call(io, (docker, abort) => docker.getContainer(name).inspect({ ...abort }))
      .catch(unless(404));
    return found?.Id;
  }

  /** Its volumes were made for it alone. Answers whether it was still there. */
  private async remove(container: string, io: Io): Promise<boolean> {
    try {
      await this.engine.call(io, (docker, abort) =>
        docker.getContainer(container).remove({ force: true, v: true, ...abort }),
      );
      return true;
    } catch (error) {
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
      return false;
    }
  }

  private async find(place: Place, io: Io, links = MOST_LINKS): Promise<Found | undefined> {
    const { container, path } = place;
    const entry = await this.engine
      .call(io, async (docker, abort) => {
        const stream = await docker.getContainer(container).getArchive({ path, ...abort });
        return firstOf(stream as Readable, place);
      })
      .catch(unless(404));
    if (entry?.link === undefined) return entry;
    if (links === 0) return undefined;
    return this.find({ ...place, path: posix.resolve(posix.dirname(path), entry.link) }, io, links - 1);
  }
}

interface Place {
  container: string;
  path: string;
  volumes: string[];
}

/** Reads no more than needed, because the folder may be large. */
async function firstOf(stream: Readable, { path, volumes }: Place): Promise<(Found & { link?: string }) | undefined> {
  const below = volumes.filter((volume) => volume !== path && isWithin(volume, path));
  const tar = extract();
  pipeline(stream, tar).catch(() => undefined);
  let first: Found | undefined;
  try {
    for await (const entry of tar) {
      const { name, type, linkname, size = 0 } = entry.header;
      const own = cleanPath(posix.join(posix.dirname(path), name));
      if (first && !below.some((volume) => isWithin(own, volume) || isWithin(volume, own))) return { isEmpty: false };
      if (type === 'symlink' && linkname && !first) return { isEmpty: true, link: linkname };
      if (type === 'file' && !first) return { isEmpty: true, text: size > MOST_BYTES ? '' : await textOf(entry) };
      first ??= { isEmpty: true };
      entry.resume();
    }
    return first;
  } finally {
    stream.destroy();
  }
}

async function textOf(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
