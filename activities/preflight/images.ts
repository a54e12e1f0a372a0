import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ServiceConfig } from '../../domain/config';
import { originOf, registryName } from '../../domain/containers/reference';
import { stageOf, volumesOf } from '../../domain/containers/dockerfile';
import type { Io } from '../../domain/host';
import type { Finding } from '../../domain/preflight';
import { mayNeedScratch, volumeMistake } from '../../domain/containers/volumes';
import type { ImageFacts } from '../../targets/images';
import type { Router } from '../../routers/router';
import type { Target } from '../../targets/target';
import { referenceOf } from '../build';
import { mistakesOf, waitingOf, type Judged } from '../image-policy';
import { findByDigest, goneFrom, pinnedFor, type Pinned } from '../pinned-images';
import type { Step } from '../steps';
import type { PreflightInput } from './check';

export async function checkImage(
  input: Pick<PreflightInput, keyof Step | 'options' | 'images'>,
  target: Target,
  service: string,
  io: Io,
): Promise<Finding> {
  const config = input.config.services[service] as ServiceConfig;
  if (input.images) return checkPinned(pinnedFor(service, input.images), { step: input, target }, io);
  const reference = referenceOf(input, service, config);
  const facts = await target.images.inspect(reference, service, io);
  if (config.build && !input.options.skipBuild) {
    const taken = judgeTag(facts, input.release.app, service, config);
    return taken ?? checkBuild(input, target, service, config.build, io);
  }
  if (facts) return judgeImage(facts, { app: input.release.app, service, config }, target, io);
  if (!config.build) return checkRegistry(reference, target, io);
  return {
    problem: `expected ${reference} on the target because of --skip-build, seen none; build it, or leave --skip-build out`,
  };
}

async function checkPinned(pinned: Pinned, { step, target }: { step: Step; target: Target }, io: Io): Promise<Finding> {
  if ('problem' in pinned) return pinned;
  const { service } = pinned;
  const facts = await findByDigest(pinned, target, io);
  const config = step.config.services[service] as ServiceConfig;
  if (facts) return judgeImage(facts, { app: step.release.app, service, config }, target, io);
  return originOf(pinned) === 'registry'
    ? checkRegistry(registryName(pinned), target, io)
    : { problem: goneFrom(pinned) };
}

export async function checkRouterImage({ image }: Router, target: Target, io: Io): Promise<Finding> {
  if (image === undefined) return { note: 'the router that is there is used' };
  if (await target.images.inspect(image, 'router', io)) return { note: `${image} is on the target` };
  return checkRegistry(image, target, io);
}

async function checkRegistry(reference: string, target: Target, io: Io): Promise<Finding> {
  await target.images.expectInRegistry(reference, io);
  return { note: `${reference} will be pulled` };
}

/** Two apps may get one image name: `td` with `shop-web`, and `td-shop` with `web`. */
function judgeTag(
  facts: ImageFacts | undefined,
  app: string,
  service: string,
  { image }: ServiceConfig,
): Finding | undefined {
  if (image !== undefined || facts?.app === undefined || facts.app === app) return undefined;
  const { reference } = facts.image;
  return {
    problem:
      `expected the name ${reference} to be free for the image of ${service}, seen an image of the app ${facts.app}: ` +
      `give it another name, such as \`services.${service}.image: ${app}.${service}:{version}\`; nothing was changed`,
  };
}

async function judgeImage(facts: ImageFacts, judged: Judged, target: Target, io: Io): Promise<Finding> {
  const mistakes = await mistakesOf(facts, judged, target, io);
  if (mistakes.length > 0) return { problem: mistakes.join('\n') };
  const waiting = waitingOf(facts, judged);
  const scratch = await scratchNote(facts, judged.config, target, io);
  const notes = [`${facts.image.reference} is on the target`, scratch, 'note' in waiting ? waiting.note : ''];
  const { warning } = waiting as { warning?: true };
  return { note: notes.filter(Boolean).join('; '), ...(warning && { warning }) };
}

async function scratchNote({ image }: ImageFacts, config: ServiceConfig, target: Target, io: Io): Promise<string> {
  if (!mayNeedScratch(config) || !(await target.images.look(image, io)).hasScratch) return '';
  return 'it has files in /tmp, so each container gets a volume of its own there';
}

async function checkBuild(
  { config, release, projectDirectory }: Step,
  target: Target,
  service: string,
  build: NonNullable<ServiceConfig['build']>,
  io: Io,
): Promise<Finding> {
  const context = resolve(projectDirectory, build.context);
  const dockerfile = resolve(context, build.dockerfile);
  if (!(await stat(context).catch(() => undefined))?.isDirectory()) {
    return { problem: `expected a folder with the build context at ${context}, seen none; see \`build.context\`` };
  }
  const text = await readFile(dockerfile, 'utf8').catch(() => undefined);
  if (text === undefined) {
    return { problem: `expected a Dockerfile at ${dockerfile}, seen none; see \`build.dockerfile\`` };
  }
  const declared = await declaredVolumes(text, build.target, target, io);
  const loose = volumeMistake(declared, release.app, service, config.services[service]!);
  return loose === undefined ? { note: `built from ${context}` } : { problem: `${dockerfile}: ${loose}` };
}

/** Before the build, only the Dockerfile and a base image on the target can tell. */
async function declaredVolumes(text: string, stage: string | undefined, target: Target, io: Io): Promise<string[]> {
  const found = stageOf(text, stage);
  const isImage = found.base !== undefined && !/\$|^scratch$/.test(found.base);
  const base = isImage ? await target.images.inspect(found.base!, '', io) : undefined;
  return [...(base?.volumes ?? []), ...volumesOf(found)];
}
