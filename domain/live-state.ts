import type { AppConfig } from './config';
import { endOf, type Ran } from './containers/exits';
import { otherSlot, SLOTS, type Live, type Slot } from './release';
import { greenShare, slotShare } from './shares';

/* A dead version does not forbid the release that mends it, but foreign containers do. */

export interface Seen extends Ran {
  releaseId: string;
  version: string;
  /** Set when it is on no network of its environment, so nobody reaches it. */
  isolated?: true;
}

export interface Serving {
  slots: Record<Slot, Seen[]>;
  /** In per cent; undefined when the router does not know the environment or does not run. */
  share: number | undefined;
  /** False when Spillway's router does not answer; the next release starts it. */
  routerRuns: boolean;
  failed: string[];
  /** The engine's clock, in ms since the epoch. */
  now: number;
}

/** `dead` means that a service that users reach has no running container; `foreign` contradicts the ledger. */
type Condition = 'nothing' | 'serving' | 'impaired' | 'dead' | 'foreign';

export interface LiveState {
  condition: Condition;
  /** Says what is wrong: `web-blue-1 ended with exit code 1`. */
  detail: string;
  /** Its containers that do not run, and that nothing would start. */
  down: readonly string[];
  loops: readonly string[];
  /** It fails its smoke checks while it runs, so a migration is not to blame. */
  isSick?: true;
}

/** A container loops when it has restarted this often and last started within this time. */
const LOOPS = 2;
const LOOP_MS = 60_000;

/** Services that the configuration does not know count as reached by users. */
export function liveState(live: Live | null, serving: Serving, services: AppConfig['services']): LiveState {
  const strange = live ? strangeBeside(live, serving) : strangeAlone(serving);
  if (strange !== undefined) return { condition: 'foreign', detail: strange, down: [], loops: [] };
  if (!live) return { condition: 'nothing', detail: '', down: [], loops: [] };
  return conditionOf(live, serving, services);
}

export function isAlive({ condition }: Pick<LiveState, 'condition'>): boolean {
  return condition === 'serving' || condition === 'impaired';
}

/** `1.0.0 is live in blue, but does not serve: …` */
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
  // A first release that failed with --no-rollback stays for inspection until the next one.
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

/** A job that ran to its end may be gone, since stopped containers are tidied up. */
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

/** A container that runs now may loop too. */
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

export function list(containers: Pick<Seen, 'container' | 'version' | 'releaseId' | 'state'>[]): string {
  return containers
    .map(({ container, version, releaseId, state }) => `${container} (${version}, ${state}, release ${releaseId})`)
    .join(', ');
}
