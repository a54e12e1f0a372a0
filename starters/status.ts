import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { KINDS, kindOf } from '../domain/kinds';
import { releaseWorkflowId } from '../domain/names';
import { isAlive, liveText } from '../domain/live-state';
import type { Live, ReleaseStatus, Scope } from '../domain/release';
import type { EnvironmentState, LookAnswer } from '../workflows/messages';
import { isConnectionLoss, uiLink, withClient } from './asking/client';
import { EXIT } from './exit-codes';
import type { ExitCode } from './exit-codes';
import { lookAtLive, type Unseen } from './asking/look';
import { run } from './output';
import type { Colours } from './output';
import { readEnvironment, ReleaseView } from './following/release-view';
import type { Look } from './following/release-view';
import { judgedLines } from './render/judged';
import { renderSummary } from './render/summary';
import { renderTree } from './render/tree';
import { troubleText } from './render/troubles';
import type { Trouble } from './render/troubles';
import { oneLine, outcomeText, timeText } from './render/words';
import { addScopeOptions, scopeOf } from './asking/scope';
import type { ScopeOptions } from './asking/scope';

interface Overview {
  scope: Scope;
  live: Live | null;
  /** State on the target. */
  found?: LookAnswer | Unseen;
  /** Null unless a release runs or needs a hand. */
  release: ReleaseStatus | null;
  /** Null when the environment does not answer, or was never asked for a release. */
  state: EnvironmentState | null;
  trouble?: Trouble;
  unknown?: string;
  link?: string;
}

export function registerStatus(program: Command): void {
  addScopeOptions(
    program.command('status').description('Shows what is live in an environment, and the release that runs, once.'),
  )
    .addHelpText(
      'after',
      `
Examples:
  spillway status -e production
  spillway status --app shop -e production --json

Exit codes: 0 shown · 2 shown, and something needs a hand · 64 wrong usage · 69 Temporal or no worker answers`,
    )
    .action((options: ScopeOptions) =>
      run(options, async (out) => {
        const scope = await scopeOf(options);
        const overview = await withClient((client) => overlook(client, scope));
        out.result(document(overview), render(overview, out.colours));
        return exitCode(overview);
      }),
    );
}

async function overlook(client: Client, scope: Scope): Promise<Overview> {
  // These run in turn: closing the connection during a call ends the process with an error.
  const look = await new ReleaseView(client, scope).look();
  const environment = await readEnvironment(client, scope).catch(silenceOrThrow);
  const link = uiLink(releaseWorkflowId(scope));
  const silent = look.kind === 'silent' ? look.why : environment instanceof Error ? 'no worker answers' : undefined;
  const state = environment instanceof Error ? null : environment;
  const found = state ? await lookAtLive(client, scope, state) : undefined;
  return {
    scope,
    live: state?.live ?? null,
    ...(found && { found }),
    release: running(look),
    ...(look.kind === 'status' && { trouble: look.trouble }),
    state,
    ...(silent && { unknown: silent }),
    ...(look.kind !== 'absent' && link && { link }),
  };
}

function running(look: Look): ReleaseStatus | null {
  return look.kind === 'status' ? look.status : null;
}

function silenceOrThrow(error: unknown): Error {
  if (error instanceof Error && (isConnectionLoss(error) || error.name === 'ServiceError')) return error;
  throw error;
}

function document({ scope, live, found, release, state, unknown, link, ...overview }: Overview): object {
  const { current = null, ledger = [], needsHand } = state ?? {};
  const trouble = overview.trouble && troubleText(overview.trouble);
  return { ...scope, live, found, release, current, last: ledger[0] ?? null, needsHand, trouble, unknown, link };
}

function exitCode({ release, state, unknown, found }: Overview): ExitCode {
  if (release?.state === 'needs a hand' || state?.needsHand !== undefined) return EXIT.needsHand;
  const isSilent = unknown !== undefined || (found !== undefined && 'silent' in found);
  return isSilent ? EXIT.unreachable : EXIT.done;
}

function render(overview: Overview, colours: Colours): string {
  const { scope, release, state, unknown, link, trouble } = overview;
  const lines = [
    `${colours.bold(`${scope.app} in ${scope.environment}`)}: ${state || !unknown ? servingText(overview) : 'unknown'}`,
    ...foundLines(overview, colours),
    ...(unknown && !state?.current?.trouble
      ? [colours.red(`${unknown}: start one with \`spillway worker\`, or see its log`)]
      : []),
    ...(state?.needsHand ? [colours.red(`needs a hand: ${state.needsHand}`)] : []),
    ...(state?.current?.trouble ? [colours.red(state.current.trouble)] : []),
    ...(release ? ['', ...renderTree(release, { now: Date.now(), link, trouble }, colours)] : []),
    ...(release?.state === 'needs a hand' ? ['', renderSummary(release, colours)] : []),
    ...lastLine(overview, colours),
  ];
  return lines.join('\n');
}

function servingText({ live }: Overview): string {
  return live ? `${live.version} is live in ${live.slot} (${live.releaseId})` : 'nothing is live';
}

/** Is empty for a version that is well. `plan` uses the same words, and still lets a fix be released. */
function foundLines({ live, found }: Overview, colours: Colours): string[] {
  if (!live || !found) return [];
  if ('unseen' in found) return [colours.yellow(`whether it serves is not known: ${oneLine(found.unseen)}`)];
  if (found.condition === 'serving') return [];
  const then = isAlive(found) || found.condition === 'dead' ? '; release a fix' : '; `spillway plan` says what to do';
  return [colours.red(`${liveText(live, found)}${then}`)];
}

function lastLine({ state, release }: Overview, colours: Colours): string[] {
  const last = state?.ledger[0];
  if (!last || release) return [];
  const { outcome, why, endedAt, who, judged } = last;
  const reason = why ? ` — ${oneLine(why)}` : '';
  return [
    `last ${KINDS[kindOf(last)].noun}: ${last.release.version} ${outcomeText(outcome, colours)} at ${timeText(endedAt)} UTC by ${who}${reason}`,
    ...judgedLines(judged, colours).map((line) => `  ${line}`),
  ];
}
