import type Docker from 'dockerode';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import type { DockerEngine } from './engine';
import type { Images } from '../images';

interface Pruning {
  engine: DockerEngine;
  images: Pick<Images, 'remove'>;
  app: string;
  keep: number;
}

/** Pulled images stay, because they have no label and may belong to others. Answers the removed names. */
export async function pruneImages({ engine, images, app, keep }: Pruning, io: Io): Promise<string[]> {
  const label = [`${LABELS.app}=${app}`];
  const built = await engine.call(io, (docker, abort) => docker.listImages({ filters: { label }, ...abort }));
  const containers = await engine.call(io, (docker, abort) => docker.listContainers({ all: true, ...abort }));
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  const removed: string[] = [];
  for (const { Id, RepoTags } of beyond(built, keep).filter(({ Id }) => !used.has(Id))) {
    const names = (RepoTags ?? []).filter((name) => name !== '<none>:<none>');
    for (const name of names.length > 0 ? names : [Id]) {
      if (await images.remove(name, io)) removed.push(name);
    }
  }
  return removed.sort();
}

/** Images without a name are removed too, because a later build replaced them. */
function beyond(built: Docker.ImageInfo[], keep: number): Docker.ImageInfo[] {
  const services = new Set(built.map(({ Labels }) => Labels[LABELS.service]));
  return [...services].flatMap((service) => {
    const own = built.filter(({ Labels }) => Labels[LABELS.service] === service).sort((a, b) => b.Created - a.Created);
    const isNamed = ({ RepoTags }: Docker.ImageInfo): boolean =>
      (RepoTags ?? []).some((name) => name !== '<none>:<none>');
    return [...own.filter(isNamed).slice(keep), ...own.filter((image) => !isNamed(image))];
  });
}
