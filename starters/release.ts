import { createInterface } from 'node:readline';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { ReleaseRequest } from '../domain/request';
import { askEnvironment, expectWorker } from './asking/environment';
import { uiLink, withClient } from './asking/client';
import { EXIT } from './exit-codes';
import type { ExitCode } from './exit-codes';
import { follow, report } from './following/follow';
import { isInteractive, run } from './output';
import type { Out } from './output';
import { showPlan } from './plan';
import { RefusedFailure } from './asking/refused';
import { addRequestOptions, prepare } from './asking/release-request';
import type { Prepared, RequestOptions } from './asking/release-request';
import { addScopeOptions } from './asking/scope';
import { whyRefused } from './asking/why-refused';

interface ReleaseCommandOptions extends RequestOptions {
  dryRun?: boolean;
  detach?: boolean;
  detachOnSignal?: boolean;
  yes?: boolean;
}

const HELP = `
It follows the release until it ends. The release itself lives in Temporal: it goes on when this command, its machine or
a worker dies, and \`spillway watch\` follows it again. At a terminal Ctrl-C asks whether to detach or to abort. Elsewhere
(CI, pipes) SIGINT and SIGTERM abort it and follow the undo, so that a cancelled job leaves nothing behind; with
--detach-on-signal, and at the second signal, the release goes on alone. Where nobody can be asked nothing is asked.

Examples:
  spillway release 1.4.0 -e production
  spillway release -e production --bump patch --note "fix rounding"
  spillway release -e staging --detach --json
  spillway release -e production --dry-run

Exit codes: 0 released, or nothing had to be changed · 1 refused, rolled back, resolved by hand, terminated, or left
before its end · 2 needs a hand · 64 wrong usage or configuration · 69 Temporal or no worker answers`;

export function registerRelease(program: Command): void {
  const command = program
    .command('release')
    .description('Brings a version to an environment, and puts everything back when that fails.')
    .argument('[version]', 'semver; default: `spillway version current`');
  addRequestOptions(addScopeOptions(command))
    .option('--dry-run', 'only show what would happen, as `spillway plan` does')
    .option('--detach', 'do not follow it: end as soon as it has begun')
    .option('--detach-on-signal', 'where nobody can be asked: SIGINT and SIGTERM detach instead of aborting')
    .option('-y, --yes', 'do not ask at a terminal whether it is meant')
    .addHelpText('after', HELP)
    .action((version: string | undefined, options: ReleaseCommandOptions) =>
      run(options, async (out) => {
        const prepared = await prepare(version, options);
        if (options.dryRun) return showPlan(prepared.request, out);
        if (!(await isMeant(prepared.request, options))) {
          out.note('nothing was changed');
          return EXIT.no;
        }
        return withClient((client) => release(client, prepared, options, out));
      }),
    );
}

async function release(
  client: Client,
  prepared: Prepared,
  { detach, detachOnSignal }: ReleaseCommandOptions,
  out: Out,
): Promise<ExitCode> {
  const { request } = prepared;
  const workflowId = await begin(client, prepared);
  const link = uiLink(workflowId);
  if (detach) {
    const { app, environment, version, id } = request;
    const began = `${app} ${version} → ${environment} began (${id}); \`spillway watch\` follows it`;
    out.result({ app, environment, version, releaseId: id, workflowId, detached: true, link }, began);
    return EXIT.done;
  }
  const onSignal = detachOnSignal ? 'detach' : 'abort';
  const followed = await follow(client, request, out, { releaseId: request.id, who: request.who, onSignal });
  report(out, followed);
  return followed.exitCode;
}

/** The raised version must be in its file before anything is built from it; a refused release lowers it again. */
async function begin(client: Client, { request, raise, lower }: Prepared): Promise<string> {
  await expectWorker(client);
  await raise();
  const answer = await askEnvironment(client, request);
  if (answer.accepted) return answer.workflowId;
  await lower();
  throw new RefusedFailure(await whyRefused(client, request, answer));
}

async function isMeant(
  { app, version, environment }: ReleaseRequest,
  options: ReleaseCommandOptions,
): Promise<boolean> {
  if (options.yes || options.json || !isInteractive()) return true;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    // The person pressed Ctrl-C, or the input ended.
    reader.on('close', () => resolve(false));
    reader.question(`Release ${app} ${version} to ${environment}? (y/N) `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      reader.close();
    });
  });
}
