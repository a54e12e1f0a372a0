import { comparedServices } from '../../domain/baseline';
import type { Evidence } from '../../domain/judging/counters';
import type { HttpCheck } from '../../domain/config';
import { UnreachableFailure } from '../../domain/failures';
import { otherSlot } from '../../domain/release';
import { judgeContainers, watch, type Containers } from '../../domain/judging/soak/exits';
import { observeCounters, type SoakSettings, type SoakState } from '../../domain/judging/soak/state';
import { probeSlot } from '../../metrics/http-probe';
import { routerEvidence, type RouterEvidence } from '../../metrics/router-stats';
import type { Replica } from '../../targets/target';
import { askCheck, type Asker } from '../ask';
import { comparedCounters } from '../counters';
import type { StepParts } from '../io';
import type { Parts } from '../parts';
import type { SoakInput } from '../steps';

/** What a soak knows after a sample. */
export interface Seen {
  state: SoakState;
  evidence: Evidence;
  /** As the router counted last; null when it did not answer. */
  counters: RouterEvidence['counters'];
  containers: Containers;
}

/** What of the input decides how it is judged. */
export function settingsOf({ config, slot, limits, beside, recorded }: SoakInput): SoakSettings {
  const { canary, approve, bake } = config;
  return {
    slot,
    limits,
    canary,
    services: comparedServices(config),
    steps: canary.steps.length + (approve.required ? 1 : 0) + (bake.soak > 0 ? 1 : 0),
    isCompared: beside !== null,
    recorded,
  };
}

/**
 * Asks the router and the containers once.
 * @param at ms since the epoch
 */
export async function takeSample(
  input: SoakInput,
  { router, target, io, release }: StepParts,
  parts: Parts,
  settings: SoakSettings,
  state: SoakState,
  at: number,
): Promise<Seen> {
  const { config, slot, baseline, projectDirectory } = input;
  const asker: Asker = { target, io, parts, projectDirectory };
  const ask = (to: { host: string; port: number }, check: HttpCheck) => askCheck(asker, to, check);
  const [{ counters, ...counted }, probed, { watched, containers }] = await Promise.all([
    routerEvidence(() => comparedCounters(router, input, io), baseline, slot),
    probeSlot({ target, services: config.services, scope: release, slot, ask, io }, state.probes),
    lookAtContainers(input, { target, io, release }, state),
  ]);
  const gap = [counted.gap, probed.gap].filter((one) => one !== undefined).join('; ');
  const observed = counters ? observeCounters(state, counters, at, settings) : state;
  return {
    state: { ...observed, probes: probed.probes, ...(watched && { watched }) },
    evidence: { services: counted.services, probes: probed.probes, ...(gap && { gap }) },
    counters,
    containers,
  };
}

/** Whether those of the new version have run without a break since they were healthy, and those of the other slot since they were seen first. */
async function lookAtContainers(
  { config, slot, deployed }: SoakInput,
  { target, io, release }: Pick<StepParts, 'target' | 'io' | 'release'>,
  state: SoakState,
): Promise<{ watched: SoakState['watched']; containers: Containers }> {
  try {
    const [own, other] = (await Promise.all(
      [slot, otherSlot(slot)].map((one) => target.replicas(release, one, io)),
    )) as [Replica[], Replica[]];
    const watched = watch(state.watched, deployed, own, other);
    return { watched, containers: judgeContainers(watched, own, other, config.services) };
  } catch (error) {
    if (!(error instanceof UnreachableFailure)) throw error;
    return { watched: state.watched, containers: { unknown: error.message, note: '' } };
  }
}
