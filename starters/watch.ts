import type { Command } from 'commander';
import { withClient } from './asking/client';
import { follow, report } from './following/follow';
import { run } from './output';
import { addScopeOptions, scopeOf, whoIs } from './asking/scope';
import type { ScopeOptions } from './asking/scope';

export function registerWatch(program: Command): void {
  addScopeOptions(
    program
      .command('watch')
      .description('Follows the release that runs now until it ends, or shows how the last one ended.'),
  )
    .option('--who <name>', 'who aborts, if you do so from here; default: as for `abort`')
    .addHelpText(
      'after',
      `
Ctrl-C asks whether to detach or to abort; where nobody can be asked (CI, pipes), a signal detaches.

Examples:
  spillway watch -e production
  spillway watch --app shop -e production --json

Exit codes: 0 released, or nothing had to be changed · 1 refused, rolled back, resolved by hand, terminated, none
there, or detached · 2 needs a hand · 64 wrong usage · 69 Temporal does not answer, or no worker for 10 minutes`,
    )
    .action((options: ScopeOptions & { who?: string }) =>
      run(options, async (out) => {
        const scope = await scopeOf(options);
        const who = await whoIs(options.who);
        const followed = await withClient((client) => follow(client, scope, out, { who, onSignal: 'detach' }));
        report(out, followed);
        return followed.exitCode;
      }),
    );
}
