import { comparedServices } from '../../domain/fresh';
import type { Evidence } from '../../domain/judging/counters';
import type { HttpCheck } from '../../domain/config';
import type { Endpoint } from '../../domain/endpoint';
import { UnreachableFailure } from '../../domain/failures';
import { otherSlot } from '../../domain/release';
import { judgeContainers, watch, type Containers } from '../../domain/judging/soak/exits';
import { countedOf, observeCounters, type SoakSettings, type SoakState } from '../../domain/judging/soak/state';
import { probeSlot } from '../../metrics/http-probe';
import { readRouter } from '../../metrics/router-stats';
import type { Replica } from '../../targets/replicas';
import { askCheck, spokenBy, type Asker } from '../ask';
import { comparedCounters } from '../counters';
import type { StepParts } from '../io';
import type { Parts } from '../parts';
import type { SoakInput } from '../steps';

export interface Seen {
  state: SoakState;
  evidence: Evidence;
  containers: Containers;
}

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

interface Sampling {
  input: SoakInput;
  step: StepParts;
  parts: Parts;
  settings: SoakSettings;
}

/** @param at ms since the epoch */
export async function takeSample(
  { input, step, parts, settings }: Sampling,
  state: SoakState,
  at: number,
): Promise<Seen> {
  const { router, target, io, release } = step;
  const { config, slot, baseline: since, projectDirectory } = input;
  const asker: Asker = { target, io, parts, projectDirectory };
  const ask = (endpoint: Endpoint, check: HttpCheck, service: string) =>
    askCheck(asker, { endpoint, ...spokenBy(config.services[service]) }, check);
  const [reading, probed, { watched, containers }] = await Promise.all([
    since && readRouter(() => comparedCounters(router, input, io)),
    probeSlot({ target, services: config.services, scope: release, slot, ask, io }, state.probes),
    lookAtContainers(input, step, state),
  ]);
  const now = reading?.counters;
  const observed = now ? observeCounters(state, { now, at }, settings) : state;
  const counted = now ? countedOf(observed, slot) : { services: null, gap: reading?.gap };
  const gap = [counted.gap, probed.gap].filter((one) => one !== undefined).join('; ');
  return {
    state: { ...observed, probes: probed.probes, ...(watched && { watched }) },
    evidence: { services: counted.services, probes: probed.probes, ...(gap && { gap }) },
    containers,
  };
}

/** The new version must run unbroken since it was healthy, the other slot since it was first seen. */
async function lookAtContainers(
  { config, slot, deployed }: SoakInput,
  { target, io, release }: Pick<StepParts, 'target' | 'io' | 'release'>,
  state: SoakState,
): Promise<{ watched: SoakState['watched']; containers: Containers }> {
  try {
    const [own, other] = (await Promise.all(
      [slot, otherSlot(slot)].map((one) => target.replicas.list(release, one, io)),
    )) as [Replica[], Replica[]];
    const watched = watch(state.watched, deployed, own, other);
    return { watched, containers: judgeContainers(watched, own, other, config.services) };
  } catch (error) {
    if (!(error instanceof UnreachableFailure)) throw error;
    return { watched: state.watched, containers: { unknown: error.message, note: '' } };
  }
}
