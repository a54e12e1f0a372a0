import { originOf, registryName } from '../domain/containers/reference';
import { ImageFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { PinnedImage } from '../domain/release';
import type { ImageFacts } from '../targets/images';
import type { Target } from '../targets/target';

/* Images that a request pins: found by their digests, since their tags may stand for others by now. */

type WithImages = Pick<Target, 'images'>;

/** An image that was looked for, or what to say of that there is none. */
export type Pinned = PinnedImage | { problem: string };

/** The image that is pinned for a service. */
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

/** What the target has under the digest of an image; undefined when it does not have that. */
export async function findByDigest(image: PinnedImage, target: WithImages, io: Io): Promise<ImageFacts | undefined> {
  for (const name of [image.digest, registryName(image)]) {
    const facts = await target.images.inspect(name, image.service, io);
    if (facts) return { ...facts, image };
  }
  return undefined;
}

/** The names under which the pinned images would come that a registry has: they alone may be missing at first. */
export function pulledNames(images: PinnedImage[]): string[] {
  return images.filter((image) => originOf(image) === 'registry').map(registryName);
}

/**
 * Has a pinned image on the target, under its digest alone.
 *
 * @throws ImageFailure when there is none, or nobody has it any more.
 */
export async function havePinned(pinned: Pinned, target: WithImages, io: Io): Promise<PinnedImage> {
  if ('problem' in pinned) throw new ImageFailure(pinned.problem);
  if (!(await findByDigest(pinned, target, io))) {
    if (originOf(pinned) === 'engine') throw new ImageFailure(goneFrom(pinned));
    await target.images.pull(registryName(pinned), pinned.service, io);
  }
  return { ...pinned, from: originOf(pinned) };
}

/** Why an image that no registry has cannot be released where it is not. */
export function goneFrom({ reference, digest }: PinnedImage): string {
  return (
    `expected ${reference} with the digest ${digest} on the target, seen none, and no registry has it: ` +
    'release the version without pinned images, so that it is built again'
  );
}
