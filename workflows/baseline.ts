import { ApplicationFailure } from '@temporalio/workflow';
import { chooseBaseline } from '../domain/migration';
import type { BaselineAction } from '../domain/migration';
import type { MigrationRequest } from '../domain/request';
import type { Outcome } from '../domain/release';
import { phase, skip, summarised } from './run';
import type { Run } from './run';
import { quick, undoing } from './steps';

/** Records migrations as applied, in a database that has what they make. Nothing is run, so nothing is backed up. */
export async function recordBaseline(
  run: Run<MigrationRequest>,
  action: BaselineAction,
  change: { names: string[] },
): Promise<Outcome> {
  change.names = await choosePhase(run, action);
  if (change.names.length === 0) {
    run.control.changed({ why: 'all of them are recorded as applied' });
    skip(run, 'migrate', 'nothing to do');
    return 'unchanged';
  }
  const input = { ...run.step, names: change.names };
  const names = change.names.join(', ');
  await phase(run, 'migrate', async (record) => {
    run.undos.push(`forget the records of ${names}`, () => undoing.forgetMigrations(input));
    await summarised(quick.markMigrations, `record ${names} as applied`, input);
    record.detail = `recorded ${names} as applied; ran none`;
  });
  return 'migrated';
}

async function choosePhase(run: Run<MigrationRequest>, action: BaselineAction): Promise<string[]> {
  return phase(run, 'preflight', async (record) => {
    await summarised(quick.takeFence, 'take the environment', run.step);
    const { app, environment, config, projectDirectory } = run.request;
    const input = { release: { app, environment }, config, projectDirectory };
    const names = chooseBaseline(await summarised(quick.migrationStatus, 'ask which are applied', input), action);
    if ('mistake' in names) throw ApplicationFailure.nonRetryable(names.mistake, 'PreflightFailure');
    const asked = { ...input, names };
    const { mistakes, notes = [] } = await summarised(
      quick.checkBaseline,
      'look what contradicts that they are applied',
      asked,
    );
    if (mistakes.length > 0) throw ApplicationFailure.nonRetryable(mistakes.join('\n'), 'PreflightFailure');
    record.detail = [names.join(', ') || 'nothing to do', ...notes].join('; ');
    return names;
  });
}
