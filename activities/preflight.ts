import { createHash, randomUUID } from 'node:crypto';
import { makesBaseline } from '../domain/baseline';
import type { Io } from '../domain/host';
import { configurationIdentity, runningSecrets, secretKey, secretReferences } from '../domain/identity';
import { isAlive, liveState, type LiveState, type Serving } from '../domain/live-state';
import { judgeNames, judgeOwnership, type Claim, type Owned, type Owner } from '../domain/ownership';
import { judgeIdle, judgeLedger, judgeLimits, judgeRoom, servingSlot } from '../domain/preflight';
import type { Finding } from '../domain/preflight';
import { otherSlot, type Group, type Live, type ReleaseRef, type Slot } from '../domain/release';
import type { TargetProbe, Wanted } from '../targets/target';
import { tryCheck } from './checks';
import { fencePath, withOpen, type OpenParts } from './io';
import { lookAtServing } from './live';
import { lookAtOwnership, writeDocument } from './ownership';
import type { Parts } from './parts';
import { checkData } from './preflight-data';
import { checkDatabase } from './preflight-database';
import { checkImage, checkRouterImage } from './preflight-images';
import { checkMetrics } from './preflight-metrics';
import { routingOf } from './routing';
import { askSlot } from './smoke';
import type { Activities, PreflightCheck, PreflightReport } from './steps';

type Input = Parameters<Activities['preflight']>[0];
type Check = (name: string, body: (io: Io) => Promise<Finding>) => Promise<PreflightCheck>;

/** What the checks share. */
interface Preflight extends OpenParts {
  input: Input;
  parts: Parts;
  check: Check;
}

/** The same where the environment is known to be this Temporal's. */
interface OwnPreflight extends Preflight {
  release: Owned<ReleaseRef>;
}

/** Tries everything that can be known to fail, all at once; only then, and only if all is well, takes the environment. */
export const preflightActivities = (parts: Parts): Pick<Activities, 'preflight'> => ({
  preflight: (input) => withOpen(parts, input, (open) => preflight(input, parts, open)),
});

async function preflight(input: Input, parts: Parts, open: OpenParts): Promise<PreflightReport> {
  const check: Check = (name, body) => tryCheck(name, open.io, parts.redact, body);
  const all = { ...open, input, parts, check };
  const { owner, ...engine } = await checkEngine(all);
  const [onTarget, secrets, database, metrics] = await Promise.all([
    checkTarget(all, engine.probe, owner),
    checkSecrets(all),
    checkDatabase(input, parts, check),
    checkMetrics({ ...input, owner }, parts, check),
  ]);
  const { router } = open;
  const checks = [...engine.checks, ...onTarget.checks, ...secrets.checks, ...database.checks, ...metrics];
  const isWell = checks.every(({ ok }) => ok);
  const own = owner && { ...all, release: { ...input.release, owner } };
  const found =
    own && onTarget.found && isWell ? await withSmoke(own, onTarget.found, database.pending) : onTarget.found;
  if (input.fence && owner && isWell) checks.push(...(await takeEnvironment(all, owner)));
  return {
    checks,
    slot: nextSlot(input),
    live: onTarget.live,
    ...(found && { found }),
    pendingMigrations: database.pending,
    capabilities: router.capabilities,
    configurationIdentity: configurationIdentity(input.config, secrets.fingerprints, sha256),
  };
}

function nextSlot({ live }: Input): Slot {
  return live ? otherSlot(live.slot) : 'blue';
}

/**
 * Migrations are followed by the smoke checks of the live version. One that does not pass them before either could never
 * be mended by a version with a migration.
 */
async function withSmoke(
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

/** The problem in the way, if any: a full disk is not better at the next attempt. */
async function takeEnvironment({ input, parts, target, io }: Preflight, owner: Owner): Promise<PreflightCheck[]> {
  const path = fencePath(input);
  try {
    await writeDocument(input, owner, parts.owner, target, io);
    await target.host.writeFile(path, `${input.release.id}\n`, io);
    return [];
  } catch (error) {
    if (!isFull(error)) throw error;
    const detail = `expected room to write ${path}, seen a full disk: make room there (\`target.stateDirectory\`)`;
    return [{ name: 'room', ok: false, detail }];
  }
}

function isFull(error: unknown): boolean {
  return /ENOSPC|EDQUOT|no space left/i.test(String(error));
}

interface Engine {
  checks: PreflightCheck[];
  probe?: TargetProbe;
  /** Only of an environment in which this Temporal may release. */
  owner?: Owner;
}

/** Whether the engine answers, and whose the environment and the names on it are. */
async function checkEngine({ input, parts, target, check }: Preflight): Promise<Engine> {
  let probe: TargetProbe | undefined;
  const engine = await check('engine', async (io) => {
    probe = await target.probe(io);
    return { note: `${probe.engine}, ${probe.cores} cores` };
  });
  // Without an engine nothing on it can be looked at: one clear error rather than ten.
  if (!probe) return { checks: [engine] };
  let owner: Owner | undefined;
  let claims: Claim[] = [];
  const ownership = await check('owner', async (io) => {
    const seen = await lookAtOwnership(parts, input, wantedReplicas(input), target, io);
    const found = judgeOwnership(seen, randomUUID());
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

/** What the release will start. */
function wantedReplicas(input: Input): Wanted[] {
  const { config, live } = input;
  const groups: Group[] = [nextSlot(input), ...(makesBaseline(config, live === null) ? (['baseline'] as const) : [])];
  return groups.flatMap((group) =>
    Object.entries(config.services).map(([service, { replicas }]) => ({ group, service, replicas })),
  );
}

async function checkTarget(
  all: Preflight,
  probe: TargetProbe | undefined,
  owner: Owner | undefined,
): Promise<OnTarget> {
  if (!probe) return { checks: [], live: null };
  const { input, target, check } = all;
  const [room, images, routerImage, serving] = await Promise.all([
    check('room', (io) => checkRoom(all, probe, io)),
    Promise.all(
      Object.keys(input.config.services).map((service) =>
        check(`image of ${service}`, (io) => checkImage(input, target, service, io)),
      ),
    ),
    check('router image', (io) => checkRouterImage(input, target, io)),
    owner ? checkServing({ ...all, release: { ...input.release, owner } }) : { checks: [], live: null },
  ]);
  return { ...serving, checks: [room, ...images, routerImage, ...serving.checks] };
}

/** What is found on a target. */
interface OnTarget {
  checks: PreflightCheck[];
  /** What is live in the target's own words. */
  live: Live | null;
  found?: LiveState;
}

/** The router, the data of the version that the ledger calls live, and what became of it. */
async function checkServing(all: OwnPreflight): Promise<OnTarget> {
  const { input, release, target, check } = all;
  let seen: { serving: Serving; found: LiveState } | undefined;
  const [data, router] = await Promise.all([
    check('data', (io) => checkData({ ...input, release }, target, io)),
    check('router', (io) => checkRouter(all, io)),
  ]);
  const ledger = await check('ledger', async (io) => {
    const serving = await lookAtServing(input, { ...all, io });
    seen = { serving, found: liveState(input.live, serving, input.config.services) };
    return judgeLedger(input.live, seen.found);
  });
  if (!seen)
    return { checks: [data, router, ledger, await check('limits', (io) => checkLimits(all, false, io))], live: null };
  const { serving, found } = seen;
  const [limits, idle] = await Promise.all([
    check('limits', (io) => checkLimits(all, serving.routerRuns && isAlive(found), io)),
    check('idle slot', async (io) => judgeIdle(input.live, serving, await target.replicas(release, 'baseline', io))),
  ]);
  return { checks: [data, router, ledger, limits, idle], live: liveOn(input.live, seen), found };
}

async function checkRouter({ input, release, target, router }: OwnPreflight, io: Io): Promise<Finding> {
  const { version, running, portsTaken } = await router.probe(await routingOf({ ...input, release }, target, io), io);
  if (portsTaken.length > 0) {
    return {
      problem:
        `expected port ${portsTaken.join(', ')} to be free for the router, seen another program on it; ` +
        'stop that program, or choose another `routes[].port`',
    };
  }
  return { note: `${router.kind} ${version}, ${running ? 'running' : 'started by the first release'}` };
}

/** The ledger's word where the target does not contradict it, whether that version is alive or not. */
function liveOn(ledger: Live | null, { serving, found }: { serving: Serving; found: LiveState }): Live | null {
  if (ledger && found.condition !== 'foreign') return ledger;
  const slot = servingSlot(serving);
  const first = slot && serving.slots[slot][0];
  if (!slot || !first) return null;
  // Images and identity stand in the ledger only.
  return { slot, version: first.version, releaseId: first.releaseId, images: [], identity: '' };
}

async function checkRoom({ input }: Preflight, probe: TargetProbe, _io: Io): Promise<Finding> {
  const imageBytes = (input.live?.images ?? []).reduce((sum, { size }) => sum + size, 0);
  return judgeRoom(input.config, probe, { live: input.live !== null, imageBytes });
}

/** Whether what is limited can be measured, and the router really answers with figures of what is live. */
async function checkLimits({ input, router }: Preflight, isAnswering: boolean, io: Io): Promise<Finding> {
  const finding = judgeLimits(input.config, router.capabilities);
  if ('problem' in finding || !input.live || !isAnswering || !router.capabilities.counters) return finding;
  const { slots } = await router.counters(input.release, io);
  const services = Object.keys(slots[input.live.slot]);
  return services.length > 0
    ? finding
    : { problem: `expected counters of ${input.live.slot} from the router, seen none` };
}

async function checkSecrets({ input, parts, check }: Preflight) {
  const fingerprints: Record<string, string> = {};
  const running = new Set(runningSecrets(input.config).map(secretKey));
  const checks = await Promise.all(
    secretReferences(input.config).map((reference) =>
      check(`secret ${secretKey(reference)}`, async () => {
        const fingerprint = await parts.fingerprint(reference, input.projectDirectory);
        if (running.has(secretKey(reference))) fingerprints[secretKey(reference)] = fingerprint;
        return { note: 'has a value' };
      }),
    ),
  );
  return { checks, fingerprints };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
