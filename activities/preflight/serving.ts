import { isAlive, liveState, type LiveState, type Serving } from '../../domain/live-state';
import type { Io } from '../../domain/host';
import { judgeIdle, judgeLedger, judgeLimits, servingSlot, type Finding } from '../../domain/preflight';
import type { Live } from '../../domain/release';
import { withErrorPage } from '../error-page';
import { lookAtServing } from '../live';
import type { OwnPreflight, Preflight, PreflightInput } from './check';
import { checkData } from './data';
import { routingOf } from '../routing';
import { askSlot } from '../smoke';
import type { PreflightCheck } from '../steps';

export interface OnTarget {
  checks: PreflightCheck[];
  live: Live | null;
  found?: LiveState;
}

export async function checkServing(all: OwnPreflight): Promise<OnTarget> {
  const { input, release, target, check } = all;
  let seen: { serving: Serving; found: LiveState } | undefined;
  const router = await check('router', (io) => checkRouter(all, io));
  const ledger = await check('ledger', async (io) => {
    const serving = await lookAtServing(input, { ...all, io });
    seen = { serving, found: liveState(input.live, serving, input.config.services) };
    return judgeLedger(input.live, seen.found);
  });
  const isCompared = comparable(input, seen?.found) !== null;
  const data = await check('data', (io) => checkData({ ...input, release, isCompared }, target, io));
  if (!seen)
    return { checks: [data, router, ledger, await check('limits', (io) => checkLimits(all, false, io))], live: null };
  const { serving, found } = seen;
  const [limits, idle] = await Promise.all([
    check('limits', (io) => checkLimits(all, serving.routerRuns && isAlive(found), io)),
    check('idle slot', async (io) =>
      judgeIdle(input.live, serving, await target.replicas.list(release, 'baseline', io)),
    ),
  ]);
  return { checks: [data, router, ledger, limits, idle], live: liveOn(input.live, seen), found };
}

/** Answers null when the live version does not serve, because there is nothing to compare with then. */
export function comparable({ live }: Pick<PreflightInput, 'live'>, found: LiveState | undefined): Live | null {
  return found && !isAlive(found) ? null : live;
}

async function checkRouter({ input, release, target, router }: OwnPreflight, io: Io): Promise<Finding> {
  for (const [setting, path] of Object.entries(input.config.router.tls ?? {})) {
    if (typeof path !== 'string' || (await target.volumes.isThere(release, path, io))) continue;
    return {
      problem: `expected PEM at ${path} on the target, seen no such file or folder; correct router.tls.${setting}`,
    };
  }
  const routing = await withErrorPage(await routingOf({ ...input, release }, target, io), input);
  const { version, running, portsTaken, refusal, warning } = await router.probe(routing, io);
  if (portsTaken.length > 0) {
    return {
      problem:
        `expected port ${portsTaken.join(', ')} to be free for the router, seen another program on it; ` +
        'stop that program, or choose another `routes[].port`',
    };
  }
  if (refusal !== undefined) return { problem: refusal };
  const note = `${router.kind} ${version}, ${running ? 'running' : 'started by the first release'}`;
  const warnings = [...(warning === undefined ? [] : [warning]), ...(await router.check(routing, io))];
  return warnings.length === 0 ? { note } : { note: [note, ...warnings].join('; '), warning: true };
}

function liveOn(ledger: Live | null, { serving, found }: { serving: Serving; found: LiveState }): Live | null {
  if (ledger && found.condition !== 'foreign') return ledger;
  const slot = servingSlot(serving);
  const first = slot && serving.slots[slot][0];
  if (!slot || !first) return null;
  // Only the ledger knows images and identity.
  return { slot, version: first.version, releaseId: first.releaseId, images: [], identity: '' };
}

async function checkLimits({ input, router }: Preflight, isAnswering: boolean, io: Io): Promise<Finding> {
  const finding = judgeLimits(input.config, router.capabilities);
  if ('problem' in finding || !input.live || !isAnswering || !router.capabilities.counters) return finding;
  const { slots } = await router.counters(input.release, io);
  const services = Object.keys(slots[input.live.slot]);
  return services.length > 0
    ? finding
    : { problem: `expected counters of ${input.live.slot} from the router, seen none` };
}

/** A migration is followed by these checks, so a live version that fails them must be mended without one. */
export async function withSmoke(
  { input, parts, ...step }: OwnPreflight,
  found: LiveState,
  pending: string[],
): Promise<LiveState> {
  if (!input.live || pending.length === 0 || !isAlive(found)) return found;
  const failed = (await askSlot({ ...input, slot: input.live.slot, through: 'slot' }, step, parts)).filter(
    ({ ok }) => !ok,
  );
  if (failed.length === 0) return found;
  const told = failed.map(({ name, detail }) => `${name}: ${detail}`).join(', ');
  const detail = [found.detail, parts.redact(`it does not pass its smoke checks: ${told}`)].filter(Boolean).join('; ');
  return { ...found, condition: 'impaired', detail, isSick: true };
}
