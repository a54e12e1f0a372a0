import { createHash } from 'node:crypto';
import type { Io } from '../domain/host';
import { configurationIdentity, runningSecrets, secretKey, secretReferences } from '../domain/identity';
import { judgeIdle, judgeLedger, judgeLimits, judgeOwner, judgeRoom, servingSlot } from '../domain/preflight';
import type { Finding, Serving } from '../domain/preflight';
import type { Live } from '../domain/release';
import { otherSlot } from '../domain/release';
import type { TargetProbe } from '../targets/target';
import { tryCheck } from './checks';
import { fencePath, withStep } from './io';
import type { StepParts } from './io';
import { findEntry } from './ledger';
import type { Parts } from './parts';
import { checkDatabase } from './preflight-database';
import { checkImage, checkRouterImage } from './preflight-images';
import { checkMetrics } from './preflight-metrics';
import { routingOf } from './routing';
import type { Activities, PreflightCheck, PreflightReport } from './steps';

type Input = Parameters<Activities['preflight']>[0];
type Check = (name: string, body: (io: Io) => Promise<Finding>) => Promise<PreflightCheck>;

/** What the checks share. */
interface Preflight extends StepParts {
  input: Input;
  parts: Parts;
  check: Check;
}

/** Tries everything that can be known to fail, all at once; only then, and only if all is well, takes the environment. */
export const preflightActivities = (parts: Parts): Pick<Activities, 'preflight'> => ({
  preflight: (input) => withStep(parts, input, (step) => preflight(input, parts, step), 'ignore'),
});

async function preflight(input: Input, parts: Parts, step: StepParts): Promise<PreflightReport> {
  const check: Check = (name, body) => tryCheck(name, step.io, parts.redact, body);
  const all = { ...step, input, parts, check };
  const [onTarget, secrets, database, metrics] = await Promise.all([
    checkTarget(all),
    checkSecrets(all),
    checkDatabase(input, parts, check),
    checkMetrics(input, parts, check),
  ]);
  const { router } = step;
  const checks = [...onTarget.checks, ...secrets.checks, ...database.checks, ...metrics];
  const slot = input.live ? otherSlot(input.live.slot) : 'blue';
  if (input.fence && checks.every(({ ok }) => ok)) checks.push(...(await takeEnvironment(all)));
  return {
    checks,
    slot,
    live: onTarget.live,
    pendingMigrations: database.pending,
    capabilities: router.capabilities,
    configurationIdentity: configurationIdentity(input.config, secrets.fingerprints, sha256),
  };
}

/** The problem in the way, if any: a full disk is not better at the next attempt. */
async function takeEnvironment({ input, target, io }: Preflight): Promise<PreflightCheck[]> {
  const path = fencePath(input);
  try {
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

/** Without an engine nothing on it can be looked at: one clear error rather than ten. */
async function checkTarget(all: Preflight): Promise<{ checks: PreflightCheck[]; live: Live | null }> {
  const { input, parts, target, check } = all;
  let probe: TargetProbe | undefined;
  const engine = await check('engine', async (io) => {
    probe = await target.probe(input.release, io);
    return { note: `${probe.engine}, ${probe.cores} cores` };
  });
  if (!probe) return { checks: [engine], live: null };
  const { owner } = probe;
  const [ownership, limits, room, images, routerImage, serving] = await Promise.all([
    check('owner', async () => judgeOwner(owner, parts.owner)),
    check('limits', (io) => checkLimits(all, io)),
    check('room', (io) => checkRoom(all, probe as TargetProbe, io)),
    Promise.all(
      Object.keys(input.config.services).map((service) =>
        check(`image of ${service}`, (io) => checkImage(input, target, service, io)),
      ),
    ),
    check('router image', (io) => checkRouterImage(input, target, io)),
    checkServing(all),
  ]);
  return { checks: [engine, ownership, limits, room, ...images, routerImage, ...serving.checks], live: serving.live };
}

/** The router, and whether it and the containers agree with the ledger. */
async function checkServing(all: Preflight): Promise<{ checks: PreflightCheck[]; live: Live | null }> {
  const { input, check } = all;
  let serving: Serving | undefined;
  const router = await check('router', (io) => checkRouter(all, io));
  const ledger = await check('ledger', async (io) => {
    serving = await lookAtServing(all, io);
    return judgeLedger(input.live, serving);
  });
  if (!serving) return { checks: [router, ledger], live: null };
  const seen = serving;
  const idle = await check('idle slot', async (io) =>
    judgeIdle(input.live, seen, await all.target.replicas(input.release, 'baseline', io)),
  );
  return { checks: [router, ledger, idle], live: liveOn(input.live, seen) };
}

async function checkRouter({ input, target, router }: Preflight, io: Io): Promise<Finding> {
  const { version, running, portsTaken } = await router.probe(await routingOf(input, target, io), io);
  if (portsTaken.length > 0) {
    return {
      problem:
        `expected port ${portsTaken.join(', ')} to be free for the router, seen another program on it; ` +
        'stop that program, or choose another `routes[].port`',
    };
  }
  return { note: `${router.kind} ${version}, ${running ? 'running' : 'started by the first release'}` };
}

async function lookAtServing({ input, target, router }: Preflight, io: Io): Promise<Serving> {
  const [blue, green, share] = await Promise.all([
    target.replicas(input.release, 'blue', io),
    target.replicas(input.release, 'green', io),
    router.greenShare(input.release, io),
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
