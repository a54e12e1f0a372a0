import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ServiceConfig } from '../domain/config';
import type { Io } from '../domain/host';
import { imageName } from '../domain/names';
import type { Finding } from '../domain/preflight';
import type { Target } from '../targets/target';
import type { Step } from './steps';
import type { ReleaseOptions } from '../domain/release';

/** Whether there is something to build the service's image from, or the image itself. */
export async function checkImage(
  input: Step & { options: ReleaseOptions },
  target: Target,
  service: string,
  io: Io,
): Promise<Finding> {
  const config = input.config.services[service] as ServiceConfig;
  if (config.build && !input.options.skipBuild) return checkContext(config.build, input.projectDirectory);
  const { version } = input.release;
  const reference = config.image?.replace('{version}', version) ?? imageName(input.release, service, version);
  const facts = await target.inspectImage(reference, service, io);
  if (facts) return { note: `${reference} is on the target` };
  if (!config.build) return { note: `${reference} will be pulled` };
  return {
    problem: `expected ${reference} on the target because of --skip-build, seen none; build it, or leave --skip-build out`,
  };
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
