import type { Command } from 'commander';
import { withClient } from './asking/client';
import { EXIT } from './exit-codes';
import { run } from './output';
import { readEnvironment } from './following/release-view';
import { addScopeOptions, scopeOf } from './asking/scope';
import type { ScopeOptions } from './asking/scope';

export function registerCurrent(program: Command): void {
  addScopeOptions(program.command('current').description('Prints the version that is live in an environment.'))
    .addHelpText(
      'after',
      `
Examples:
  spillway current -e production
  spillway current -e production --json     with slot, release, images and their digests

Exit codes: 0 printed · 1 nothing is live · 64 wrong usage · 69 Temporal or no worker answers`,
    )
    .action((options: ScopeOptions) =>
      run(options, async (out) => {
        const scope = await scopeOf(options);
        const live = (await withClient((client) => readEnvironment(client, scope)))?.live ?? null;
        if (live === null) out.note(`nothing is live: ${scope.app} was never released to ${scope.environment}`);
        out.result({ ...scope, live }, live?.version);
        return live === null ? EXIT.no : EXIT.done;
      }),
    );
}
