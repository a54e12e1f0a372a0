import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { REMEMBERED } from '../domain/ledger';
import type { LedgerEntry } from '../domain/release';
import { formatCount } from '../domain/units';
import { WORKFLOWS } from '../workflows/messages';
import type { HistoryInput } from '../workflows/messages';
import { expectWorker, runWorkflow } from './asking/environment';
import { withClient } from './asking/client';
import { run } from './output';
import type { Out } from './output';
import { readEnvironment } from './following/release-view';
import { renderHistory, renderHistoryMarkdown } from './render/history';
import { addScopeOptions, configured, scopeOf } from './asking/scope';
import type { ScopeOptions } from './asking/scope';

interface HistoryOptions extends ScopeOptions {
  limit: number;
  before?: string;
  markdown?: string | true;
}

export function registerHistory(program: Command): void {
  addScopeOptions(
    program
      .command('history')
      .description('Lists the releases of an environment, and its migrations by hand, newest first.'),
  )
    .option('--limit <number>', 'how many, 1 to 200', parseLimit, REMEMBERED)
    .option('--before <id>', 'only releases before the one with this id, to page on')
    .option('--markdown [path]', 'as a Markdown table: into this file, or printed')
    .addHelpText(
      'after',
      `
The last ${REMEMBERED} come from the environment itself. Older ones are in the durable ledger on the target, for which
the configuration file is needed.

Examples:
  spillway history -e production
  spillway history -e production --limit 50 --before 20261121-101500-1.2.3-k3v9
  spillway history -e production --markdown deployment_versions.md

Exit codes: 0 listed · 64 wrong usage · 69 Temporal or no worker answers`,
    )
    .action((options: HistoryOptions) =>
      run(options, async (out) => {
        const scope = await scopeOf(options);
        const entries = await withClient((client) => readPage(client, options));
        await show(out, entries, options, `Releases of ${scope.app} to ${scope.environment}`);
      }),
    );
}

async function show(out: Out, entries: LedgerEntry[], { markdown }: HistoryOptions, title: string): Promise<void> {
  if (typeof markdown === 'string') {
    // The rename lets a reader see the old table or the new one, never a part.
    await writeFile(`${markdown}.tmp`, renderHistoryMarkdown(entries, title));
    await rename(`${markdown}.tmp`, markdown);
    return out.result({ entries, file: markdown }, `wrote ${formatCount(entries.length, 'release')} into ${markdown}`);
  }
  if (markdown) return out.result({ entries }, renderHistoryMarkdown(entries, title).trimEnd());
  out.result({ entries }, entries.length === 0 ? 'nothing was released yet' : renderHistory(entries, out.colours));
}

async function readPage(client: Client, options: HistoryOptions): Promise<LedgerEntry[]> {
  const { limit, before } = options;
  if (limit <= REMEMBERED && before === undefined) {
    const state = await readEnvironment(client, await scopeOf(options));
    return state?.ledger.slice(0, limit) ?? [];
  }
  const { app, environment, config } = await configured(options);
  const input: HistoryInput = { request: { app, environment, config }, limit, ...(before && { before }) };
  await expectWorker(client);
  return runWorkflow<LedgerEntry[]>(client, {
    workflow: WORKFLOWS.history,
    workflowId: `history/${app}/${environment}/${randomUUID()}`,
    input,
    limit: '1m',
  });
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new InvalidArgumentError(`expected a whole number from 1 to 200, seen "${text}"`);
}
