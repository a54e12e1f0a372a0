import { ApplicationFailure, patched, sleep } from '@temporalio/workflow';
import { approvedText, judgeApprovals } from '../domain/approvals';
import { detailOf } from '../domain/details';
import { makesFresh } from '../domain/fresh';
import { formatDuration } from '../domain/units';
import type { Live, Slot } from '../domain/release';
import { ask, settle, untilPromoted } from './asking';
import { smoke } from './preparing';
import { isLiveDead, pauseIsOver, phase, skip, summarised } from './run';
import type { ReleaseRun } from './run';
import { soak } from './soak';
import type { Soak } from './soak';
import { quick, slow, undoing } from './steps';

/** Too little evidence may stretch a soak to this many times its length. */
const LENGTHENED = 3;

export async function canaryPhase(run: ReleaseRun): Promise<void> {
  const { live, undos, step, request } = run;
  const { canary, approve } = request.config;
  if (!live) return skip(run, 'canary', 'the first release has nothing to be compared with');
  const hasBaseline = makesFresh(request.config, isLiveDead(run));
  // Undos run newest first: traffic goes back, then the services without traffic, then a fresh baseline goes.
  if (hasBaseline)
    undos.push(`remove the fresh baseline of ${live.version}`, () => undoing.removeBaseline(step), 'traffic');
  if (hasLiveOnly(run)) undos.push(`live-only services back to ${live.slot}`, () => liveOnlyBack(run, live.slot));
  undos.push(`all traffic to ${live.slot} (${live.version})`, () => allTrafficBack(run, live.slot), 'traffic');
  if (canary.steps.length === 0) return skip(run, 'canary', 'no steps configured');
  if (isLiveDead(run)) return skip(run, 'canary', `${live.version} does not serve: there is nothing to compare with`);
  await phase(run, 'canary', async (record) => {
    if (hasBaseline) record.detail = await deployBaseline(run, live);
    for (const { weight, soak: length, manual } of canary.steps) {
      const since = await giveShare(run, weight);
      const longest = Math.max(length, canary.longestSoak ?? LENGTHENED * length);
      const what = { name: `canary-${weight}`, share: weight, length, longest, limits: canary.limits, since };
      const judgement = await soak(run, what);
      record.detail = detailOf({ ...what, judgement });
      const promoted = await settle(run, judgement, what);
      if (manual && !promoted) await untilPromoted(run, what, approve.timeout);
    }
  });
}

async function deployBaseline({ step }: ReleaseRun, { slot, version }: Live): Promise<string> {
  const what = `start a fresh baseline of ${version}, wait until healthy`;
  return (await summarised(slow.deployBaseline, what, { ...step, live: { slot, version } })).detail;
}

export async function approvePhase(run: ReleaseRun): Promise<void> {
  const { approve } = run.request.config;
  const { control } = run;
  const approvals = () => judgeApprovals(approve, control.status.approvals ?? []);
  if (approvals().state === 'not required') return skip(run, 'approve', 'not required');
  await phase(run, 'approve', async (record) => {
    const { share } = control.status;
    // Releases that an older Spillway began were not watched without traffic.
    const isWatched = share > 0 || patched('watch-approval');
    await ask(run, {
      question: { for: 'approval', by: approve.by },
      timeout: approve.timeout,
      answered: () => approvals().state === 'approved',
      watch: isWatched ? () => soakToApprove(run, share) : null,
    });
    const judged = approvals();
    if (judged.state !== 'approved')
      throw ApplicationFailure.nonRetryable(`nobody approved within ${formatDuration(approve.timeout)}`, 'NotApproved');
    record.detail = approvedText(judged.counted);
  });
}

async function soakToApprove(run: ReleaseRun, share: number): Promise<Soak> {
  const { limits } = run.request.config.canary;
  return { name: 'approve', share, length: null, limits, since: await giveShare(run, share) };
}

export async function switchPhase(run: ReleaseRun): Promise<void> {
  await phase(run, 'switch', async (record) => {
    if (!run.live)
      run.undos.push(`the share of ${run.slot} stays: there is no other version`, () => Promise.resolve(), 'traffic');
    await giveShare(run, 100);
    if (hasLiveOnly(run)) await liveOnlyForth(run);
    record.detail = `all traffic to ${run.slot}`;
  });
}

export async function verifyPhase(run: ReleaseRun): Promise<void> {
  const { wait } = run.request.config.verify;
  await phase(run, 'verify', async (record) => {
    if (wait > 0) await sleep(wait, { summary: 'wait before verifying' });
    record.detail = await smoke(run, 'router');
  });
}

export async function bakePhase(run: ReleaseRun): Promise<void> {
  const { bake, canary } = run.request.config;
  if (bake.soak === 0) return skip(run, 'bake', 'not configured');
  await phase(run, 'bake', async (record) => {
    // All traffic is on the new slot, so the only baseline is what was recorded before.
    const since = await giveShare(run, 100);
    const what = { name: 'bake', share: 100, length: bake.soak, limits: bake.limits ?? canary.limits, since };
    const judgement = await soak(run, what);
    record.detail = detailOf({ ...what, judgement });
    await settle(run, judgement, what);
  });
}

async function giveShare({ step, slot, control, deployed }: ReleaseRun, share: number) {
  const input = { ...step, slot, share, ...(deployed && { deployed }) };
  const report = await summarised(quick.setTraffic, `${share} % to ${slot}`, input);
  control.changed({ share: report.share });
  return report.counters;
}

async function allTrafficBack({ step, control }: ReleaseRun, slot: Slot): Promise<void> {
  await summarised(undoing.setTraffic, `all traffic to ${slot}`, { ...step, slot, share: 100 });
  control.changed({ share: 0 });
}

/** Looks once more after a pause at what ended meanwhile, before the old version goes. */
export async function lastPause(run: ReleaseRun): Promise<void> {
  if (!run.control.paused) return;
  await pauseIsOver(run);
  await giveShare(run, 100);
}

async function liveOnlyForth(run: ReleaseRun): Promise<void> {
  const { step, slot } = run;
  const report = await summarised(slow.moveLiveOnly, `live-only services to ${slot}`, { ...step, to: slot });
  // From here on they are watched too; a worker of an older version does not say how they began.
  if (run.deployed && report) run.deployed = [...run.deployed, ...report.deployed];
}

async function liveOnlyBack({ step, found }: ReleaseRun, to: Slot): Promise<void> {
  const { down = [], loops = [] } = found ?? {};
  await summarised(undoing.moveLiveOnly, `live-only services back to ${to}`, { ...step, to, back: { down, loops } });
}

function hasLiveOnly({ request }: ReleaseRun): boolean {
  return Object.values(request.config.services).some(({ run }) => run === 'live-only');
}
