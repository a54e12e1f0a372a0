import { endOf } from '../domain/containers/exits';
import { UnhealthyFailure, UnreachableFailure } from '../domain/failures';
import type { Slot } from '../domain/release';
import { formatDuration } from '../domain/units';
import type { Replica } from '../targets/replicas';
import { until } from '../waiting/until';
import { serverClock } from './clock';
import type { StepParts } from './io';
import { lastWords } from './last-words';
import type { Parts } from './parts';
import type { Step } from './steps';

const POLL_MS = 100;

type Once = Pick<Step, 'config'> & { slot: Slot };

export function onceServices({ services }: Step['config']): string[] {
  return Object.keys(services).filter((name) => services[name]!.run === 'once');
}

/**
 * Never starts a job again that an interrupted attempt began.
 * @throws UnhealthyFailure when one exits with another code than 0, or takes too long.
 */
export async function runOnce(input: Once, step: StepParts, parts: Parts): Promise<void> {
  await step.assertFence();
  for (const job of await jobs(input, step))
    await step.target.groups.startOnce({ scope: step.release, ...job }, step.io);
  const clock = serverClock();
  await until({ signal: step.io.signal, pause: POLL_MS }, async () => {
    const left = (await jobs(input, step)).filter(({ state }) => state !== 'exited');
    await refuseFailed(input, step, parts);
    if (left.length === 0) return true;
    const late = left.find(({ service }) => clock() > input.config.services[service]!.longest);
    if (late) throw await tooLate(late, input, step, parts);
    step.io.onProgress(`waits until ${left.map(({ container }) => container).join(', ')} ended`);
  });
}

async function jobs({ config, slot }: Once, { target, io, release }: StepParts): Promise<Replica[]> {
  const names = onceServices(config);
  const found = (await target.replicas.list(release, slot, io)).filter(({ service }) => names.includes(service));
  if (found.length === names.length) return found;
  throw new UnreachableFailure(
    `expected a container in ${slot} for each of ${names.join(', ')}, seen ${found.length}: something else removed one`,
  );
}

async function refuseFailed(input: Once, step: StepParts, parts: Parts): Promise<void> {
  const failed = (await jobs(input, step)).find(({ state, exitCode }) => state === 'exited' && exitCode !== 0);
  if (failed)
    throw await failure(
      `expected ${failed.container} to end with exit code 0, seen that it ended${endOf(failed)}`,
      failed,
      step,
      parts,
    );
}

async function tooLate(job: Replica, { config }: Once, step: StepParts, parts: Parts): Promise<UnhealthyFailure> {
  const { service, container } = job;
  const { longest, stopGrace } = config.services[service]!;
  await step.target.groups.stop({ scope: step.release, ...job }, stopGrace, step.io);
  const seen = `expected ${container} to end within ${formatDuration(longest)}, seen that it still ran, so it was stopped`;
  return failure(`${seen}: give it more time by services.${service}.longest`, job, step, parts);
}

async function failure(
  what: string,
  job: Replica,
  { target, io, release }: StepParts,
  parts: Parts,
): Promise<UnhealthyFailure> {
  return new UnhealthyFailure(parts.redact(`${what}\n${await lastWords([job], { target, io, parts, release })}`));
}
