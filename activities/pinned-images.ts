import { originOf, registryName } from '../domain/containers/reference';
import { ImageFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { PinnedImage } from '../domain/release';
import type { ImageFacts } from '../targets/images';
import type { Target } from '../targets/target';

/* Pinned images are found by their digests, because their tags may have moved since. */

type WithImages = Pick<Target, 'images'>;

export type Pinned = PinnedImage | { problem: string };

export function pinnedFor(service: string, images: PinnedImage[]): Pinned {
  const pinned = images.find((image) => image.service === service);
  if (pinned) return pinned;
  const seen = images.map((image) => image.service).join(', ') || 'none';
  return {
    problem:
      `expected a pinned image for each service, seen none for ${service} (pinned: ${seen}): ` +
      'release the version without pinned images, so that it is built or pulled',
  };
}

export async function findByDigest(image: PinnedImage, target: WithImages, io: Io): Promise<ImageFacts | undefined> {
  for (const name of [image.digest, registryName(image)]) {
    const facts = await target.images.inspect(name, image.service, io);
    if (facts) return { ...facts, image: { ...image, size: facts.image.size } };
  }
  return undefined;
}

/** Only images from a registry may be missing at first, because they can be pulled. */
export function pulledNames(images: PinnedImage[]): string[] {
  return images.filter((image) => originOf(image) === 'registry').map(registryName);
}

/** @throws ImageFailure when none is pinned, or nobody has the image any more. */
export async function havePinned(pinned: Pinned, target: WithImages, io: Io): Promise<PinnedImage> {
  if ('problem' in pinned) throw new ImageFailure(pinned.problem);
  const found = (await findByDigest(pinned, target, io))?.image;
  if (!found && originOf(pinned) === 'engine') throw new ImageFailure(goneFrom(pinned));
  const { size } = found ?? (await target.images.pull(registryName(pinned), pinned.service, io));
  return { ...pinned, size, from: originOf(pinned) };
}

export function goneFrom({ reference, digest }: PinnedImage): string {
  return (
    `expected ${reference} with the digest ${digest} on the target, seen none, and no registry has it: ` +
    'release the version without pinned images, so that it is built again'
  );
}
