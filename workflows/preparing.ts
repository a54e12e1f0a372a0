import { ApplicationFailure } from '@temporalio/workflow';
import type { BackupReport, PreflightCheck } from '../activities/steps';
import { liveText } from '../domain/live-state';
import { titleOfUndo } from '../domain/migration';
import type { Live } from '../domain/release';
import { formatCount, formatSize } from '../domain/units';
import { isLiveDead, phase, skip, summarised } from './run';
import type { ReleaseRun, Run } from './run';
import { heavy, quick, slow, undoing } from './steps';

const MOST_WARNINGS = 5;

export async function preflightPhase(run: ReleaseRun) {
  const { step, live, request } = run;
  return phase(run, 'preflight', async (record) => {
    const report = await summarised(quick.preflight, 'try what can be known to fail', {
      ...step,
      live,
      options: request.options,
      images: request.images,
      fence: true,
    });
    const bad = report.checks.filter(({ ok }) => !ok);
    if (bad.length > 0 && bad.every(({ unreachable }) => unreachable)) run.control.changed({ unreachable: true });
    if (bad.length > 0)
      throw ApplicationFailure.nonRetryable(
        bad.map(({ name, detail }) => `${name}: ${detail}`).join('\n'),
        'PreflightFailure',
      );
    run.slot = report.slot;
    run.found = report.found;
    run.control.changed({ slot: report.slot });
    const isWell = !live || !report.found || report.found.detail === '';
    const told = isWell ? [] : [liveText(live, report.found!)];
    const passed = `${formatCount(report.checks.length, 'check')} passed`;
    record.detail = [passed, ...told, ...warningsOf(report.checks)].join('; ');
    return report;
  });
}

/** Only the first lines are kept, since the detail of a phase stays in the ledger for long. */
function warningsOf(checks: PreflightCheck[]): string[] {
  const lines = checks
    .filter(({ warning }) => warning)
    .flatMap(({ name, detail }) => detail.split('\n').map((line) => `${name}: ${line}`));
  const more = lines.length - MOST_WARNINGS;
  return more > 0 ? [...lines.slice(0, MOST_WARNINGS), `${more} more, which \`spillway plan\` tells`] : lines;
}

export async function buildPhase(run: ReleaseRun, configurationIdentity: string): Promise<Live> {
  const { step, request, undos } = run;
  const { skipBuild } = request.options;
  return phase(run, 'build', async (record) => {
    undos.push('restore the image tags, remove the images of this release', () => undoing.restoreImages(step));
    const { images: pinned } = request;
    const input = { ...step, images: pinned, skipBuild, configurationIdentity };
    const summary = pinned || skipBuild ? 'find the images' : 'build or pull the images';
    const report = await summarised(heavy.buildImages, summary, input);
    record.detail = report.images.map(({ service, size }) => `${service} ${formatSize(size)}`).join(', ');
    const { images, identity } = report;
    run.next = { slot: run.slot, version: request.version, releaseId: request.id, images, identity };
    return run.next;
  });
}

export async function backupPhase(run: Run): Promise<BackupReport> {
  return phase(run, 'backup', async (record) => {
    const report = await summarised(heavy.backUp, 'back up, and read it back', { ...run.step, live: run.live });
    const place = placeOf(report);
    record.detail = place ? `${report.contents.join(', ')}: ${formatSize(report.size)} ${place}` : 'nothing to save';
    return report;
  });
}

function placeOf({ name, store, file }: BackupReport): string | undefined {
  return name ? `as ${name} in ${store}` : file && `in ${file}`;
}

export async function migratePhase(run: Run, names: string[], backup: BackupReport): Promise<void> {
  const { step, undos, live } = run;
  if (names.length === 0) return skip(run, 'migrate', 'no pending migration');
  await phase(run, 'migrate', async (record) => {
    const undo = { ...step, names, dump: backup.dump ?? null };
    undos.push(titleOfUndo(run.request.config, 'up', names), () => undoing.revertMigrations(undo));
    await summarised(heavy.applyMigrations, `apply ${names.join(', ')}`, { ...step, names });
    record.detail = `applied ${names.join(', ')}`;
    // Both versions use the migrated schema, so the old one must still work on it if it worked before.
    if (live && !isLiveDead(run) && !run.found?.isSick)
      await summarised(slow.smoke, `smoke ${live.slot} on the migrated schema`, {
        ...step,
        slot: live.slot,
        through: 'slot' as const,
      });
  });
}

export async function deployPhase(run: ReleaseRun): Promise<void> {
  const { step, slot, live, next, undos, request } = run;
  await phase(run, 'deploy', async (record) => {
    undos.push(`remove ${request.version} from ${slot}`, () => undoing.removeSlot({ ...step, slot }));
    const input = { ...step, slot, images: next?.images ?? [], firstRelease: live === null };
    const report = await summarised(slow.deploySlot, `start ${request.version} in ${slot}, wait until healthy`, input);
    run.deployed = report.deployed;
    record.detail = report.detail;
  });
}

export async function smokePhase(run: ReleaseRun): Promise<void> {
  await phase(run, 'smoke', async (record) => {
    record.detail = await smoke(run, 'slot');
  });
}

export async function smoke(run: ReleaseRun, through: 'slot' | 'router'): Promise<string> {
  const what = through === 'slot' ? `smoke ${run.slot} directly` : 'smoke through the router';
  const { step, slot, deployed } = run;
  const { checks } = await summarised(slow.smoke, what, { ...step, slot, through, ...(deployed && { deployed }) });
  if (checks.length === 0) return 'nothing was tried: no check is configured';
  return `${formatCount(checks.length, 'check')} passed`;
}
