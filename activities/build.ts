import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { ServiceConfig } from '../domain/config';
import { ImageFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { releaseIdentity } from '../domain/identity';
import { isByDigest } from '../domain/containers/reference';
import { LABELS, imageName, imageTag } from '../domain/names';
import type { Owned } from '../domain/ownership';
import { SLOTS, type PinnedImage } from '../domain/release';
import type { Target } from '../targets/target';
import { mistakesOf } from './image-policy';
import { forgetTags, noteTags, readTags } from './image-tags';
import { withStep, type StepParts } from './io';
import type { Parts } from './parts';
import { findByDigest, havePinned, pinnedFor, pulledNames } from './pinned-images';
import type { Activities, Step } from './steps';

const PARALLEL = 2;

type Build = Parameters<Activities['buildImages']>[0];

export const buildActivities = (parts: Parts): Pick<Activities, 'buildImages' | 'restoreImages'> => ({
  buildImages: (input) =>
    withStep(parts, input, async (step) => {
      const { target, io, release } = step;
      const services = Object.entries(input.config.services);
      const tags = await noteTags(namesMade(input), input, step);
      const cpu = await buildCpu(release, target, io);
      const images = await inParallel(sharingSources(services), async (group) => {
        const made: PinnedImage[] = [];
        for (const [service, config] of group) made.push(await imageOf({ input, service, config, cpu }, target, io));
        return made;
      }).then((all) => all.flat().sort((a, b) => a.service.localeCompare(b.service)));
      await checkPolicy(input, images, target, io);
      const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
      return {
        images,
        identity: releaseIdentity(input.release.version, images, input.configurationIdentity, hash),
        tags,
      };
    }),

  restoreImages: (input) => withStep(parts, input, async (step) => void (await restoreTags(input, step))),
});

function namesMade(input: Build): string[] {
  const { images, config, skipBuild } = input;
  if (images) return pulledNames(images);
  return Object.entries(config.services)
    .filter(([, { build }]) => !skipBuild || !build)
    .map(([service, own]) => referenceOf(input, service, own));
}

export async function restoreTags(
  input: Step,
  step: Pick<StepParts, 'target' | 'state' | 'io' | 'assertFence'>,
): Promise<string[]> {
  const { target, io, assertFence } = step;
  const did: string[] = [];
  const tags = await readTags(input, step);
  if (!tags) return did;
  for (const { reference, previous } of tags) {
    await assertFence();
    const made = (await target.images.inspect(reference, '', io))?.image.digest;
    if (made === undefined || made === previous) continue;
    did.push(previous ? `put back ${reference}` : `removed ${reference}`);
    io.onProgress(did.at(-1)!);
    if (previous) await target.images.tag(reference, previous, io);
    await target.images.remove(previous ? made : reference, io);
  }
  // Repeated attempts leave images without a name. Images that are all named by digest were not built.
  if (!tags.every(({ reference }) => isByDigest(reference)))
    await target.images.prune(input.release, Number.MAX_SAFE_INTEGER, io);
  await forgetTags(input, step);
  return did;
}

export function referenceOf({ release }: Pick<Step, 'release'>, service: string, { image }: ServiceConfig): string {
  const { version } = release;
  return image?.replaceAll('{version}', imageTag(version)) ?? imageName(release, service, version);
}

/** Services with the same sources are built one after another, so that the engine builds these only once. */
function sharingSources(services: [string, ServiceConfig][]): [string, ServiceConfig][][] {
  const groups = new Map<string, [string, ServiceConfig][]>();
  for (const entry of services) {
    const [service, { build }] = entry;
    const key = build ? JSON.stringify(build) : service;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()];
}

interface OneBuild {
  input: Build;
  service: string;
  config: ServiceConfig;
  /** Cores that the build may use; undefined means all. */
  cpu: number | undefined;
}

async function imageOf({ input, service, config, cpu }: OneBuild, target: Target, io: Io): Promise<PinnedImage> {
  if (input.images) return havePinned(pinnedFor(service, input.images), target, io);
  const reference = referenceOf(input, service, config);
  if (!config.build) return target.images.pull(reference, service, io);
  if (input.skipBuild) return presentImage(reference, service, target, io);
  // The labels name neither environment nor release, so that all of them share one image of the same sources.
  const { app, version } = input.release;
  const labels = { [LABELS.app]: app, [LABELS.service]: service, [LABELS.version]: version };
  const directory = resolve(input.projectDirectory, config.build.context);
  return target.images.build({ ...config.build, directory, reference, labels, ...(cpu && { cpu }) }, service, io);
}

async function presentImage(reference: string, service: string, target: Target, io: Io): Promise<PinnedImage> {
  const present = await target.images.inspect(reference, service, io);
  if (present) return present.image;
  throw new ImageFailure(
    `expected ${reference} on the target because of --skip-build, seen none: build it first, or leave --skip-build out`,
  );
}

/** All builds together get half the host's cores while a version is live; otherwise there is no limit. */
async function buildCpu(scope: Owned, target: Target, io: Io): Promise<number | undefined> {
  const slots = await Promise.all(SLOTS.map((slot) => target.replicas.list(scope, slot, io)));
  if (!slots.flat().some(({ state }) => state === 'running')) return undefined;
  const { cores } = await target.probe(io);
  return Math.max(0.25, cores / 2 / PARALLEL);
}

/** @throws ImageFailure with the mistakes of all images at once. */
async function checkPolicy({ config, release }: Step, images: PinnedImage[], target: Target, io: Io): Promise<void> {
  const mistakes: string[] = [];
  for (const image of images) {
    const { service, reference } = image;
    const facts = await findByDigest(image, target, io);
    const own = config.services[service];
    if (facts && own)
      mistakes.push(...(await mistakesOf(facts, { app: release.app, service, config: own }, target, io)));
    else mistakes.push(`${reference}: expected it on the target after the build, seen none`);
  }
  if (mistakes.length > 0) throw new ImageFailure(mistakes.join('\n'));
}

/** Waits for running work before it fails: an engine that goes on building would move the tag after the undo. */
async function inParallel<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  const queue = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      results[index] = await work(item);
    }
  };
  const workers = Array.from({ length: PARALLEL }, () =>
    worker().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const ended = await Promise.allSettled(workers);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return results;
}
