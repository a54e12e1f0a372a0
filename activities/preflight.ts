import { createHash, randomUUID } from 'node:crypto';
import { makesBaseline } from '../domain/baseline';
import type { Io } from '../domain/host';
import { configurationIdentity, runningSecrets, secretKey, secretReferences } from '../domain/identity';
import { judgeNames, judgeOwnership, type Claim, type Owned, type Owner } from '../domain/ownership';
import { judgeIdle, judgeLedger, judgeLimits, judgeRoom, servingSlot } from '../domain/preflight';
import type { Finding, Serving } from '../domain/preflight';
import { otherSlot, type Group, type Live, type ReleaseRef, type Slot } from '../domain/release';
import type { TargetProbe, Wanted } from '../targets/target';
import { tryCheck } from './checks';
import { fencePath, withOpen, type OpenParts } from './io';
import { findEntry } from './ledger';
import { lookAtOwnership, writeDocument } from './ownership';
import type { Parts } from './parts';
import { checkData } from './preflight-data';
import { checkDatabase } from './preflight-database';
import { checkImage, checkRouterImage } from './preflight-images';
import { checkMetrics } from './preflight-metrics';
import { routingOf } from './routing';
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
  if (input.fence && owner && checks.every(({ ok }) => ok)) checks.push(...(await takeEnvironment(all, owner)));
  return {
    checks,
    slot: nextSlot(input),
    live: onTarget.live,
    pendingMigrations: database.pending,
    capabilities: router.capabilities,
    configurationIdentity: configurationIdentity(input.config, secrets.fingerprints, sha256),
  };
}

function nextSlot({ live }: Input): Slot {
  return live ? otherSlot(live.slot) : 'blue';
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
): Promise<{ checks: PreflightCheck[]; live: Live | null }> {
  if (!probe) return { checks: [], live: null };
  const { input, target, check } = all;
  const [limits, room, images, routerImage, serving] = await Promise.all([
    check('limits', (io) => checkLimits(all, io)),
    check('room', (io) => checkRoom(all, probe, io)),
    Promise.all(
      Object.keys(input.config.services).map((service) =>
        check(`image of ${service}`, (io) => checkImage(input, target, service, io)),
      ),
    ),
    check('router image', (io) => checkRouterImage(input, target, io)),
    owner ? checkServing({ ...all, release: { ...input.release, owner } }) : { checks: [], live: null },
  ]);
  return { checks: [limits, room, ...images, routerImage, ...serving.checks], live: serving.live };
}

/** What is live: its data, the router, and whether that and the containers agree with the ledger. */
async function checkServing(all: OwnPreflight): Promise<{ checks: PreflightCheck[]; live: Live | null }> {
  const { input, release, target, check } = all;
  let serving: Serving | undefined;
  const [data, router] = await Promise.all([
    check('data', (io) => checkData({ ...input, release }, target, io)),
    check('router', (io) => checkRouter(all, io)),
  ]);
  const ledger = await check('ledger', async (io) => {
    serving = await lookAtServing(all, io);
    return judgeLedger(input.live, serving);
  });
  if (!serving) return { checks: [data, router, ledger], live: null };
  const seen = serving;
  const idle = await check('idle slot', async (io) =>
    judgeIdle(input.live, seen, await target.replicas(release, 'baseline', io)),
  );
  return { checks: [data, router, ledger, idle], live: liveOn(input.live, seen) };
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

async function lookAtServing({ input, release, target, router }: OwnPreflight, io: Io): Promise<Serving> {
  const [blue, green, share] = await Promise.all([
    target.replicas(release, 'blue', io),
    target.replicas(release, 'green', io),
    router.greenShare(release, io),
  ]);
  const releases = [...new Set([...blue, ...green].map(({ releaseId }) => releaseId))];
  const entries = await Promise.all(releases.map((id) => findEntry(target.host, input, id, io)));
  const failed = entries.flatMap((entry) => (entry && entry.outcome !== 'released' ? [entry.release.id] : []));
  return { slots: { blue, green }, share, failed };
}

/** What is live in the target's own words. */
function liveOn(ledger: Live | null, serving: Serving): Live | null {
  const slot = servingSlot(serving);
  const first = slot && serving.slots[slot][0];
  if (!slot || !first) return null;
  if (ledger?.releaseId === first.releaseId && ledger.slot === slot) return ledger;
  // Images and identity stand in the ledger only.
  return { slot, version: first.version, releaseId: first.releaseId, images: [], identity: '' };
}

async function checkRoom({ input }: Preflight, probe: TargetProbe, _io: Io): Promise<Finding> {
  const imageBytes = (input.live?.images ?? []).reduce((sum, { size }) => sum + size, 0);
  return judgeRoom(input.config, probe, { live: input.live !== null, imageBytes });
}

/** Whether what is limited can be measured, and the router really answers with figures of what is live. */
async function checkLimits({ input, router }: Preflight, io: Io): Promise<Finding> {
  const finding = judgeLimits(input.config, router.capabilities);
  if ('problem' in finding || !input.live || !router.capabilities.counters) return finding;
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
