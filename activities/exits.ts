import { judgeExits } from '../domain/containers/exits';
import { UnhealthyFailure } from '../domain/failures';
import type { Slot } from '../domain/release';
import type { Target } from '../targets/target';
import type { StepParts } from './io';
import { lastWords } from './last-words';
import type { Parts } from './parts';
import type { SinceHealthy, Step } from './steps';

/** @throws UnhealthyFailure when a container ended meanwhile; UnreachableFailure when the target cannot tell. */
export async function expectUnbroken(
  { config, slot, deployed }: Pick<Step, 'config'> & SinceHealthy & { slot: Slot },
  { target, io, release }: Pick<StepParts, 'io' | 'release'> & { target: Target },
  parts: Parts,
): Promise<void> {
  if (!deployed || deployed.length === 0) return;
  const now = await target.replicas.list(release, slot, io);
  const { problem, containers } = judgeExits(deployed, now, config.services);
  if (problem === undefined) return;
  // Only one container's logs are quoted, so that the failure stays small in the history.
  const speaker = now.filter(({ container }) => containers.includes(container)).slice(0, 1);
  throw new UnhealthyFailure(
    parts.redact([problem, await lastWords(speaker, { target, io, parts, release })].filter(Boolean).join('\n')),
  );
}
