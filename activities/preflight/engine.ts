import { makesFresh } from '../../domain/fresh';
import { judgeNames, judgeOwnership, type Claim, type Owner } from '../../domain/ownership';
import { otherSlot, type Group, type Slot } from '../../domain/release';
import type { TargetProbe, Wanted } from '../../targets/target';
import { lookAtOwnership, newId } from '../ownership';
import type { Preflight, PreflightInput } from './check';
import type { PreflightCheck } from '../steps';

export interface Engine {
  checks: PreflightCheck[];
  probe?: TargetProbe;
  /** Absent when this Temporal may not release in the environment. */
  owner?: Owner;
}

export async function checkEngine({ input, parts, target, state, check }: Preflight): Promise<Engine> {
  let probe: TargetProbe | undefined;
  const engine = await check('engine', async (io) => {
    probe = await target.probe(io);
    return { note: `${probe.software}, ${probe.cores} cores` };
  });
  // Without an engine nothing on it can be checked, and one clear error is better than ten.
  if (!probe) return { checks: [engine] };
  let owner: Owner | undefined;
  let claims: Claim[] = [];
  const ownership = await check('owner', async (io) => {
    const seen = await lookAtOwnership(parts, input, wantedReplicas(input), { target, state, io });
    const found = judgeOwnership(seen, newId(input.release));
    if ('problem' in found) return found;
    ({ owner } = found);
    ({ claims } = seen);
    return found;
  });
  if (!owner) return { checks: [engine, ownership], probe };
  const release = { ...input.release, owner };
  const names = await check('names', () => Promise.resolve(judgeNames(release, claims)));
  return { checks: [engine, ownership, names], probe, owner };
}

function wantedReplicas(input: PreflightInput): Wanted[] {
  const { config, live } = input;
  const groups: Group[] = [nextSlot(input), ...(makesFresh(config, live === null) ? (['baseline'] as const) : [])];
  return groups.flatMap((group) =>
    Object.entries(config.services).map(([service, { replicas }]) => ({ group, service, replicas })),
  );
}

export function nextSlot({ live }: Pick<PreflightInput, 'live'>): Slot {
  return live ? otherSlot(live.slot) : 'blue';
}
