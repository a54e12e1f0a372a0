import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { Option, type Command } from 'commander';
import { databasesOf } from '../domain/databases';
import { ConfigurationFailure } from '../domain/failures';
import { titleOfMigration } from '../domain/migration';
import type { DownChoice, MigrationAction, MigrationLook } from '../domain/migration';
import type { MigrationRequest } from '../domain/request';
import { WORKFLOWS } from '../workflows/messages';
import { askEnvironment, expectWorker, runWorkflow } from './asking/environment';
import { withClient } from './asking/client';
import { EXIT } from './exit-codes';
import type { ExitCode } from './exit-codes';
import { follow, report } from './following/follow';
import { isInteractive, run } from './output';
import type { Colours, Out } from './output';
import { asRefusal, RefusedFailure } from './asking/refused';
import { releaseId } from './asking/release-request';
import { addScopeOptions, configured, whoIs } from './asking/scope';
import type { ScopeOptions } from './asking/scope';
import { whyRefused } from './asking/why-refused';

interface ChangeOptions extends ScopeOptions {
  note: string;
  who?: string;
  yes?: boolean;
  last?: boolean;
  to?: string;
  only?: string;
}

const CHANGES = `It makes a backup first, runs the
verification (database.verify) afterwards, and puts back what it did when something fails.`;
const RECORDS = `It changes only
the records of migrations, and runs nothing else in the database.`;

const help = (what: string): string => `
A change holds the environment as a release does: nothing else runs meanwhile. ${what} \`spillway watch\`, \`status\`,
\`abort\`, \`retry\` and \`resolved\` work on it, and \`spillway history\` lists it.

Exit codes: 0 done, or nothing to do · 1 failed and put back, or refused · 2 needs a hand · 64 wrong usage or configuration
· 69 Temporal, no worker or no database answers`;

const STATUS_HELP = `
Example:
  spillway migrate status -e production --json

Exit codes: 0 told · 1 the database's records do not fit the files · 64 wrong usage or configuration · 69 Temporal, no
worker or no database answers`;

export function registerMigrate(program: Command): void {
  const migrate = program.command('migrate').description('Shows, applies or reverts migrations by hand.');
  addScopeOptions(
    migrate.command('status').description('Shows which migrations are applied and pending; changes nothing.'),
  )
    .addHelpText('after', STATUS_HELP)
    .action((options: ScopeOptions) => run(options, (out) => showStatus(options, out)));
  addChangeOptions(migrate.command('up').description('Applies all pending migrations.'))
    .addHelpText('after', `${help(CHANGES)}\n\nExample:\n  spillway migrate up -e staging --note "before the release"`)
    .action((options: ChangeOptions) => run(options, (out) => change({ kind: 'up' }, options, out)));
  addChangeOptions(migrate.command('down').description('Reverts applied migrations, newest first.'))
    .addOption(
      new Option('--last', 'the newest one (this is what it does without an option)').conflicts(['to', 'only']),
    )
    .addOption(
      new Option('--to <name>', 'everything newer than this one, which stays; `base`: everything').conflicts('only'),
    )
    .option('--only <name>', 'this one alone')
    .option('-y, --yes', 'do not ask at a terminal whether it is meant')
    .addHelpText(
      'after',
      `${help(CHANGES)}\n\nExamples:\n  spillway migrate down -e staging\n  spillway migrate down -e staging --to 002_total`,
    )
    .action((options: ChangeOptions) =>
      run(options, (out) => changeIfMeant({ kind: 'down', choice: choiceOf(options) }, options, out)),
    );
  addBaseline(migrate);
}

function addBaseline(migrate: Command): void {
  addChangeOptions(
    migrate.command('baseline').description('Adopts a database that exists: records migrations as applied, runs none.'),
  )
    .option('--to <name>', 'up to and including this one; without it, all that are pending')
    .option('-y, --yes', 'do not ask at a terminal whether it is meant')
    .addHelpText('after', `${help(RECORDS)}\n\nExample:\n  spillway migrate baseline -e production --to 014_invoices`)
    .action((options: ChangeOptions) => {
      const { to } = options;
      return run(options, (out) => changeIfMeant({ kind: 'baseline', ...(to !== undefined && { to }) }, options, out));
    });
}

async function changeIfMeant(action: MigrationAction, options: ChangeOptions, out: Out): Promise<ExitCode> {
  if (await isMeant(action, options)) return change(action, options, out);
  out.note('nothing was changed');
  return EXIT.no;
}

function addChangeOptions(command: Command): Command {
  return addScopeOptions(command)
    .option('--note <text>', 'why, kept in the history', '')
    .option('--who <name>', 'who does it; default: whom CI names, else git’s user.name, else the user');
}

function choiceOf({ to, only }: ChangeOptions): DownChoice {
  if (to !== undefined) return { to };
  return only === undefined ? { last: true } : { only };
}

async function showStatus(options: ScopeOptions, out: Out): Promise<ExitCode> {
  const request = await requestFor({ kind: 'status' }, { ...options, note: '' });
  const look = await withClient((client) => ask(client, request));
  const { app, environment } = request;
  out.result({ app, environment, ...look }, render(look, out.colours));
  return look.mistakes.length + (look.restore?.length ?? 0) === 0 ? EXIT.done : EXIT.no;
}

async function ask(client: Client, request: MigrationRequest): Promise<MigrationLook> {
  await expectWorker(client);
  try {
    return await runWorkflow<MigrationLook>(client, {
      workflow: WORKFLOWS.migration,
      workflowId: `migrations/${request.app}/${request.environment}/${randomUUID()}`,
      input: { request, live: null },
      limit: '5m',
    });
  } catch (error) {
    throw asRefusal('to look at the migrations', error);
  }
}

async function change(action: MigrationAction, options: ChangeOptions, out: Out): Promise<ExitCode> {
  const request = await requestFor(action, options);
  return withClient(async (client) => {
    await expectWorker(client);
    const answer = await askEnvironment(client, request);
    if (!answer.accepted) throw new RefusedFailure(await whyRefused(client, request, answer));
    const followed = await follow(client, request, out, { releaseId: request.id, who: request.who, onSignal: 'abort' });
    report(out, followed);
    return followed.exitCode;
  });
}

async function requestFor(action: MigrationAction, options: ChangeOptions): Promise<MigrationRequest> {
  const { app, environment, config, projectDirectory } = await configured(options);
  if (!databasesOf(config).some(({ settings }) => settings.migrations)) {
    throw new ConfigurationFailure(`expected \`database.migrations\` in ${options.file}, seen none; add it to migrate`);
  }
  const now = new Date();
  return {
    ...{ kind: 'migration', app, environment, config, projectDirectory, action },
    id: releaseId(`migrate-${action.kind}`, now),
    who: await whoIs(options.who),
    note: options.note,
    requestedAt: now.getTime(),
  };
}

function render(look: MigrationLook, colours: Colours): string {
  const { applied, pending, unclaimed = [], mistakes, restore = [], warnings = [], notes = [] } = look;
  const lines = [
    ...applied.map((name) => `${colours.green('applied')}  ${name}`),
    ...pending.map((name) => `${colours.yellow('pending')}  ${name}`),
    ...unclaimed.map((record) => `${colours.dim('left')}     ${record} (made by an older version, for another app)`),
    ...notes.map((note) => `${colours.dim('note')}     ${note}`),
    ...warnings.map((warning) => `${colours.yellow('warning')}  ${warning}`),
    ...[...mistakes, ...restore].map((mistake) => `${colours.red('mistake')}  ${mistake}`),
  ];
  return lines.join('\n') || 'there are no migrations';
}

async function isMeant(action: MigrationAction, options: ChangeOptions): Promise<boolean> {
  if (options.yes || options.json || !isInteractive()) return true;
  const { app, environment } = await configured(options);
  const risk = action.kind === 'baseline' ? 'what is recorded is not run any more' : 'data may be lost';
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    // The person pressed Ctrl-C, or the input ended.
    reader.on('close', () => resolve(false));
    reader.question(`${titleOfMigration(action)} of ${app} in ${environment}: ${risk}. Go on? (y/N) `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      reader.close();
    });
  });
}
