import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ServiceConfig } from '../domain/config';
import type { Io } from '../domain/host';
import { imageMistakes } from '../domain/image-policy';
import type { Finding } from '../domain/preflight';
import type { ReleaseOptions } from '../domain/release';
import type { ImageFacts, Target } from '../targets/target';
import { referenceOf } from './build';
import type { Step } from './steps';

/** Whether there is something to build the service's image from, or the image itself. */
export async function checkImage(
  input: Step & { options: ReleaseOptions },
  target: Target,
  service: string,
  io: Io,
): Promise<Finding> {
  const config = input.config.services[service] as ServiceConfig;
  if (config.build && !input.options.skipBuild) return checkContext(config.build, input.projectDirectory);
  const reference = referenceOf(input, service, config);
  const facts = await target.inspectImage(reference, service, io);
  if (facts) return judgeImage(facts, config);
  if (!config.build) return checkRegistry(reference, target, io);
  return {
    problem: `expected ${reference} on the target because of --skip-build, seen none; build it, or leave --skip-build out`,
  };
}

/** Whether the router's image is there or could be, where Spillway runs the router. */
export async function checkRouterImage({ config: { router } }: Step, target: Target, io: Io): Promise<Finding> {
  if (router.attach) return { note: 'the router that is there is used' };
  if (await target.inspectImage(router.image, 'router', io)) return { note: `${router.image} is on the target` };
  return checkRegistry(router.image, target, io);
}

async function checkRegistry(reference: string, target: Target, io: Io): Promise<Finding> {
  await target.expectInRegistry(reference, io);
  return { note: `${reference} will be pulled` };
}

/** What is built or pulled is judged when it is there; what is there already need not wait for that. */
function judgeImage({ image: { reference, size }, user, env }: ImageFacts, config: ServiceConfig): Finding {
  const mistakes = imageMistakes({ reference, size, user, env }, config);
  return mistakes.length > 0 ? { problem: mistakes.join('\n') } : { note: `${reference} is on the target` };
}

async function checkContext(build: NonNullable<ServiceConfig['build']>, directory: string): Promise<Finding> {
  const context = resolve(directory, build.context);
  const dockerfile = resolve(context, build.dockerfile);
  if (!(await stat(context).catch(() => undefined))?.isDirectory()) {
    return { problem: `expected a folder with the build context at ${context}, seen none; see \`build.context\`` };
  }
  if (!(await stat(dockerfile).catch(() => undefined))?.isFile()) {
    return { problem: `expected a Dockerfile at ${dockerfile}, seen none; see \`build.dockerfile\`` };
  }
  return { note: `built from ${context}` };
}
