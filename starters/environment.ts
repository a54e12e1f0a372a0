import { createInterface } from 'node:readline';
import { dirname, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { ConfigurationFailure } from '../domain/failures';
import { busyText, refOf } from '../domain/kinds';
import type { Scope } from '../domain/release';
import { isNothing, type Remains } from '../domain/removal';
import type { RemovalRequest } from '../domain/request';
import { WORKFLOWS } from '../workflows/messages';
import type { EnvironmentState, RemainsAnswer, RemainsInput } from '../workflows/messages';
import { withClient } from './asking/client';
import { askEnvironment, expectWorker, runWorkflow } from './asking/environment';
import { asRefusal, RefusedFailure } from './asking/refused';
import { releaseId } from './asking/release-request';
import { addScopeOptions, configured, scopeOf, whoIs } from './asking/scope';
import type { ScopeOptions } from './asking/scope';
import { whyRefused } from './asking/why-refused';
import { EXIT } from './exit-codes';
import type { ExitCode } from './exit-codes';
import { follow, report } from './following/follow';
import { readEnvironment } from './following/release-view';
import { isInteractive, run } from './output';
import type { Out } from './output';
import { renderRemains } from './render/remains';

interface RemoveOptions extends ScopeOptions {
  dryRun?: boolean;
  yes?: boolean;
  keepLedger?: boolean;
  backups?: boolean;
  volumes?: boolean;
  note: string;
  who?: string;
}

const HELP = `
It takes the app off its target: routes, containers, network, and the images that nobody else uses. Other apps go on
untouched, also on the same router, whose container goes with its last environment. The ledger moves into an archive on
the target, and \`spillway history\` still lists it. Volumes and backups stay unless an option names them. Databases
always stay. A removal has no undo, so what would go is shown first, and the name of the environment is asked for.

It waits for no release: one that is going on is named, and nothing is removed. If it is interrupted, the worker goes
on; if it failed in part, ask again. What is removed is what the last release made; without one, what the file says.

Examples:
  spillway environment remove -e staging --dry-run
  spillway environment remove -e staging
  spillway environment remove --app shop -e staging --yes --volumes --backups   in CI, without the file

Exit codes: 0 removed, or nothing was there · 1 refused, not meant, or removed in part · 64 wrong usage or configuration
· 69 Temporal, no worker or the target answers`;

export function registerEnvironment(program: Command): void {
  const environment = program.command('environment').description('Removes an environment of an app.');
  addScopeOptions(
    environment.command('remove').description('Takes an app off a machine: removes all that it has in an environment.'),
  )
    .option('--dry-run', 'show what would go and what would stay, and change nothing')
    .option('-y, --yes', 'do not ask for the name of the environment; give it by --environment')
    .option('--keep-ledger', 'leave the ledger where it is, so that a later release goes on with it')
    .option('--backups', 'remove the backups as well')
    .option('--volumes', 'remove the volumes that no other container uses as well, with their data')
    .option('--note <text>', 'why, kept in the history', '')
    .option('--who <name>', 'who does it; default: whom CI names, else git’s user.name, else the user')
    .addHelpText('after', HELP)
    .action((options: RemoveOptions) => run(options, (out) => remove(options, out)));
}

async function remove(options: RemoveOptions, out: Out): Promise<ExitCode> {
  refuseGuessing(options);
  const scope = await scopeOf(options);
  return withClient(async (client) => {
    await expectWorker(client);
    const state = await readEnvironment(client, scope);
    const request = await requestFor(scope, state, options);
    await refuseWhileBusy(client, request, state);
    const remains = await ask(client, request);
    if (isNothing(remains) && !state?.live) {
      const text = `nothing of ${scope.app} is in ${scope.environment}; nothing was changed`;
      out.result({ ...scope, ...remains }, [text, ...remains.stays].join('\n'));
      return EXIT.done;
    }
    const shown = renderRemains(scope, remains, out.colours);
    if (options.dryRun) {
      out.result({ ...scope, ...remains }, `${shown}\nNothing was changed.`);
      return EXIT.done;
    }
    out.print(shown);
    if (!options.yes && !(await isMeant(scope))) {
      out.note('nothing was changed');
      return EXIT.no;
    }
    return begin(client, request, out);
  });
}

async function begin(client: Client, request: RemovalRequest, out: Out): Promise<ExitCode> {
  const answer = await askEnvironment(client, request);
  if (!answer.accepted) throw new RefusedFailure(await whyRefused(client, request, answer));
  const followed = await follow(client, request, out, { releaseId: request.id, who: request.who, onSignal: 'detach' });
  report(out, followed);
  return followed.exitCode;
}

/** Who removes without being asked has to say what. */
function refuseGuessing({ yes, dryRun, json, environment }: RemoveOptions): void {
  if (yes && environment === undefined)
    throw new ConfigurationFailure('expected --environment NAME beside --yes, seen none: name what to remove');
  if (yes || dryRun || (isInteractive() && !json)) return;
  throw new ConfigurationFailure(
    'expected --yes where nobody can be asked, seen none: look with --dry-run first, then give --yes --environment NAME',
  );
}

async function requestFor(
  { app, environment }: Scope,
  state: EnvironmentState | null,
  options: RemoveOptions,
): Promise<RemovalRequest> {
  const now = new Date();
  const given = state?.config
    ? { config: state.config, projectDirectory: dirname(resolve(options.file)) }
    : await configured(options);
  const { config, projectDirectory } = given;
  return {
    ...{ kind: 'removal', app, environment, config, projectDirectory },
    id: releaseId('remove', now),
    options: {
      keepLedger: options.keepLedger === true,
      backups: options.backups === true,
      volumes: options.volumes === true,
    },
    who: await whoIs(options.who),
    note: options.note,
    requestedAt: now.getTime(),
  };
}

/** Otherwise somebody would type the name in vain. */
async function refuseWhileBusy(client: Client, request: RemovalRequest, state: EnvironmentState | null): Promise<void> {
  const current = state?.current;
  if (!current) return;
  const reason = busyText(current, request);
  throw new RefusedFailure(await whyRefused(client, request, { accepted: false, reason, current }));
}

async function ask(client: Client, request: RemovalRequest): Promise<Remains> {
  const { app, environment, id, config, projectDirectory, options } = request;
  const input: RemainsInput = { release: refOf(request), config, projectDirectory, options };
  const answer = await runWorkflow<RemainsAnswer>(client, {
    workflow: WORKFLOWS.remains,
    workflowId: `remains/${app}/${environment}/${id}`,
    input,
    limit: '3m',
  }).catch((error: unknown) => {
    throw asRefusal('to look at what would go (by a worker that is as new as this command)', error);
  });
  if ('problem' in answer) throw new RefusedFailure(answer.problem);
  return answer;
}

async function isMeant({ environment }: Scope): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((settle) => {
    // The person pressed Ctrl-C, or the input ended.
    reader.on('close', () => settle(false));
    reader.question(`Type the name of the environment to remove it (${environment}): `, (answer) => {
      settle(answer.trim() === environment);
      reader.close();
    });
  });
}
