import type { AppConfig } from './config';
import { endOf, type Ran } from './containers/exits';
import { otherSlot, SLOTS, type Live, type Slot } from './release';
import { greenShare, slotShare } from './shares';

/*
 * What became of the version that the ledger calls live. Preflight, plan, status and reconcile all ask here, so that they
 * say the same of it. That it died is no reason to refuse the release that mends it; that somebody else's is there is one.
 */

/** A container as the target shows it. */
export interface Seen extends Ran {
  releaseId: string;
  version: string;
  /** It is on no network of its environment, so that nobody reaches it. */
  isolated?: true;
}

/** What serves an environment, as its target and its router show it. */
export interface Serving {
  slots: Record<Slot, Seen[]>;
  /** Green's share in per cent; undefined when the router does not know the environment, or does not run. */
  share: number | undefined;
  /** False when nothing answers where Spillway's own router should: the next release starts it. */
  routerRuns: boolean;
  /** Ids of releases that ended otherwise than released, as the durable ledger says. */
  failed: string[];
  /** The engine's clock, ms since the epoch. */
  now: number;
}

/**
 * `nothing`: no version is live. `serving`: all of it runs. `impaired`: it serves, but not all of it is well. `dead`:
 * a service that users reach has no container that runs. `foreign`: what is there is not what the ledger says.
 */
type Condition = 'nothing' | 'serving' | 'impaired' | 'dead' | 'foreign';

/** What was found of the live version. */
export interface LiveState {
  condition: Condition;
  /** What is not as it should be, in words: `web-blue-1 ended with exit code 1`. */
  detail: string;
  /** Containers of it that did not run, and that nothing would start. */
  down: readonly string[];
  /** Those that end and are started again, again and again. */
  loops: readonly string[];
  /** It runs, and does not pass the smoke checks: no migration is to blame for that. */
  isSick?: true;
}

/** So many times the engine has started a container that is looping, the last time not longer ago than this. */
const LOOPS = 2;
const LOOP_MS = 60_000;

/**
 * What became of the live version.
 *
 * @param services of the configuration at hand: which of them users reach. One that it does not know counts as such.
 */
export function liveState(live: Live | null, serving: Serving, services: AppConfig['services']): LiveState {
  const strange = live ? strangeBeside(live, serving) : strangeAlone(serving);
  if (strange !== undefined) return { condition: 'foreign', detail: strange, down: [], loops: [] };
  if (!live) return { condition: 'nothing', detail: '', down: [], loops: [] };
  return conditionOf(live, serving, services);
}

/** Whether a release has a live version that it can be compared with, and that must be asked. */
export function isAlive({ condition }: Pick<LiveState, 'condition'>): boolean {
  return condition === 'serving' || condition === 'impaired';
}

/** The live version and what is wrong with it, in a line: `1.0.0 is live in blue, but does not serve: …`. */
export function liveText(
  { version, slot }: Live,
  { condition, detail }: Pick<LiveState, 'condition' | 'detail'>,
): string {
  const where = `${version} is live in ${slot}`;
  switch (condition) {
    case 'dead':
      return `${where}, but does not serve: ${detail}`;
    case 'impaired':
      return `${where}, but not all of it is well: ${detail}`;
    case 'foreign':
      return `${where}, says the ledger; seen ${detail}`;
    case 'serving':
    case 'nothing':
      return where;
  }
}

function strangeBeside({ slot, version, releaseId }: Live, { slots, share }: Serving): string | undefined {
  const foreign = slots[slot].filter((seen) => seen.releaseId !== releaseId || seen.version !== version);
  if (foreign.length > 0) return list(foreign);
  if (share === undefined || share === greenShare(slot, 100)) return undefined;
  const other = slots[otherSlot(slot)].filter(isUp);
  return `${share} % going to green${other.length > 0 ? `, and beside it ${list(other)}` : ''}`;
}

function strangeAlone({ slots, share, failed }: Serving): string | undefined {
  if (share === undefined) return undefined;
  const serving = SLOTS.filter((slot) => slotShare(slot, share) > 0).flatMap((slot) => slots[slot]);
  // A first release that failed with --no-rollback stands there for inspection: the next one clears it.
  const running = serving.filter((seen) => seen.state === 'running' && !failed.includes(seen.releaseId));
  return running.length > 0 ? `traffic going to ${list(running)}` : undefined;
}

function conditionOf(live: Live, serving: Serving, services: AppConfig['services']): LiveState {
  const own = serving.slots[live.slot].filter(({ run }) => run !== 'once');
  const missing = missingServices(live, own, services);
  const loops = own.filter((seen) => isLooping(seen, serving.now));
  const bad = own.filter((seen) => !isUp(seen) || loops.includes(seen));
  const told = [
    ...missing.map((name) => `no container of ${name}`),
    ...bad.map((seen) => (loops.includes(seen) ? loopText(seen) : downText(seen))),
  ];
  const containers = own.length === 0 ? `no container in ${live.slot}` : told.join(', ');
  const detail = [containers, routerText(serving)].filter(Boolean).join('; ');
  const names = (all: Seen[]): string[] => all.map(({ container }) => container);
  const found = { detail, down: names(bad.filter(isStopped)), loops: names(loops) };
  const upIn = (service: string): boolean => own.some((seen) => seen.service === service && !bad.includes(seen));
  const all = [...new Set([...own.map(({ service }) => service), ...missing])];
  const reached = all.filter((service) => isReached(service, own, services));
  const isDead = reached.length > 0 ? !reached.every(upIn) : bad.length === own.length;
  if (isDead) return { condition: 'dead', ...found };
  return { condition: detail === '' ? 'serving' : 'impaired', ...found };
}

/** Services of the live version without a container. A job that ran to its end may be gone, as what was stopped is tidied up. */
function missingServices({ images }: Live, own: Seen[], services: AppConfig['services']): string[] {
  const there = new Set(own.map(({ service }) => service));
  return images.map(({ service }) => service).filter((name) => !there.has(name) && services[name]?.run !== 'once');
}

function isReached(service: string, own: Seen[], services: AppConfig['services']): boolean {
  if (own.some((seen) => seen.service === service && seen.run !== undefined)) return false;
  return (services[service]?.traffic ?? 'http') === 'http';
}

function routerText({ share, routerRuns }: Serving): string {
  if (!routerRuns) return 'the router does not run';
  return share === undefined ? 'the router does not know this environment' : '';
}

function isUp({ state, isolated }: Seen): boolean {
  return state === 'running' && !isolated;
}

function isStopped({ state }: Seen): boolean {
  return state === 'exited' || state === 'created' || state === 'paused';
}

/** One that runs just now may not for long. */
function isLooping({ state, restarts, startedAt = 0 }: Seen, now: number): boolean {
  return state === 'restarting' || (state === 'running' && restarts >= LOOPS && now - startedAt < LOOP_MS);
}

function loopText({ container, restarts, ...seen }: Seen): string {
  return `${container} ends again and again${endOf(seen)}, and was started again ${restarts === 1 ? 'once' : `${restarts} times`}`;
}

function downText({ container, state, ...seen }: Seen): string {
  if (state === 'running') return `${container} is on no network`;
  return state === 'exited' ? `${container} ended${endOf(seen)}` : `${container} is ${state}`;
}

/** Containers and whose they are, as an error names them. */
export function list(containers: Pick<Seen, 'container' | 'version' | 'releaseId' | 'state'>[]): string {
  return containers
    .map(({ container, version, releaseId, state }) => `${container} (${version}, ${state}, release ${releaseId})`)
    .join(', ');
}
