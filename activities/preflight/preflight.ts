import { createHash } from 'node:crypto';
import { configurationIdentity, runningSecrets, secretKey, secretReferences } from '../../domain/identity';
import type { LiveState } from '../../domain/live-state';
import type { Owner } from '../../domain/ownership';
import { judgeRoom, type Finding } from '../../domain/preflight';
import type { TargetProbe } from '../../targets/target';
import { tryCheck } from '../checks';
import { claimantOf, withOpen, type OpenParts } from '../io';
import { writeDocument } from '../ownership';
import type { Parts } from '../parts';
import type { Check, Preflight, PreflightInput } from './check';
import { checkDatabase } from './database';
import { checkEngine, nextSlot } from './engine';
import { checkImage, checkRouterImage } from './images';
import { checkMetrics } from './metrics';
import { checkSurroundings } from './surroundings';
import { checkServing, comparable, withSmoke, type OnTarget } from './serving';
import type { Activities, PreflightCheck, PreflightReport } from '../steps';

/** Takes the environment only if every check passes. */
export const preflightActivities = (parts: Parts): Pick<Activities, 'preflight'> => ({
  preflight: (input) => withOpen(parts, input, (open) => preflight(input, parts, open)),
});

async function preflight(input: PreflightInput, parts: Parts, open: OpenParts): Promise<PreflightReport> {
  const check: Check = (name, body) => tryCheck(name, open.io, parts.redact, body);
  const all = { ...open, input, parts, check };
  const { owner, ...engine } = await checkEngine(all);
  const [onTarget, secrets, database] = await Promise.all([
    checkTarget(all, engine.probe, owner),
    checkSecrets(all),
    checkDatabase(input, parts, check),
  ]);
  const metrics = await checkMetrics({ ...input, live: comparable(input, onTarget.found), owner }, parts, check);
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

/** Answers the problem as a check, because a full disk is not better at the next attempt. */
async function takeEnvironment({ input, parts, state, io }: Preflight, owner: Owner): Promise<PreflightCheck[]> {
  try {
    await writeDocument({ owner, temporal: parts.owner }, state.documents, io);
    await state.fence.take(claimantOf(input), io);
    return [];
  } catch (error) {
    if (!isFull(error)) throw error;
    const detail = `expected room to write ${state.fence.place}, seen a full disk: make room there (\`target.stateDirectory\`)`;
    return [{ name: 'room', ok: false, detail }];
  }
}

function isFull(error: unknown): boolean {
  return /ENOSPC|EDQUOT|no space left/i.test(String(error));
}

const NOTHING_SEEN: OnTarget = { checks: [], live: null };

async function checkTarget(
  all: Preflight,
  probe: TargetProbe | undefined,
  owner: Owner | undefined,
): Promise<OnTarget> {
  if (!probe) return NOTHING_SEEN;
  const { input, target, router, check } = all;
  const own = owner && { ...all, release: { ...input.release, owner } };
  const [images, routerImage, serving, around] = await Promise.all([
    Promise.all(
      Object.keys(input.config.services).map((service) =>
        check(`image of ${service}`, (io) => checkImage(input, target, service, io)),
      ),
    ),
    check('router image', (io) => checkRouterImage(router, target, io)),
    own ? checkServing(own) : NOTHING_SEEN,
    own ? checkSurroundings(own) : [],
  ]);
  const room = await check('room', () => Promise.resolve(checkRoom(input, probe, serving.found)));
  return { ...serving, checks: [room, ...images, routerImage, ...around, ...serving.checks] };
}

function checkRoom(input: PreflightInput, probe: TargetProbe, found: LiveState | undefined): Finding {
  const imageBytes = (input.live?.images ?? []).reduce((sum, { size }) => sum + size, 0);
  const isCompared = comparable(input, found) !== null;
  return judgeRoom(input.config, probe, { live: input.live !== null, isCompared, imageBytes });
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
