import type { Client } from '@temporalio/client';
import type { Scope } from '../../domain/release';
import { Follower } from './follower';
import type { Followed, FollowOptions } from './follower';
import { Interruption } from './interruption';
import type { SignalMeaning } from './interruption';
import type { Out } from '../output';
import { isInteractive } from '../output';
import { renderSummary } from '../render/summary';
import { liveScreen, plainLines } from './screen';
import type { Screen } from './screen';

/** @throws UnreachableFailure after 10 minutes without an answer, RefusedFailure when there is no such release */
export async function follow(client: Client, scope: Scope, out: Out, options: FollowOptions): Promise<Followed> {
  const asks = isLive(out);
  const screen = asks ? liveScreen(process.stdout) : plainLines(out);
  const meaning: SignalMeaning = asks ? 'ask' : options.onSignal;
  const interruption = new Interruption(meaning);
  const follower = new Follower({ client, scope, options, out, screen });
  try {
    for (;;) {
      if (await interrupted(interruption, follower, screen)) return follower.left();
      const end = await follower.step();
      if (end !== undefined) return end;
      await interruption.pause(follower.interval());
    }
  } finally {
    screen.leave();
    interruption.end();
  }
}

/** Elsewhere plain lines tell everything once. */
function isLive(out: Out): boolean {
  return isInteractive() && !out.json;
}

async function interrupted(interruption: Interruption, follower: Follower, screen: Screen): Promise<boolean> {
  const signal = interruption.last;
  if (signal === undefined) return false;
  screen.leave();
  const wish = await interruption.wish();
  if (wish === 'abort') await follower.abort(`${signal} to the command that followed it`);
  return wish === 'detach';
}

/** Prints the end of a release, and with `--json` the whole status as the one document. */
export function report(out: Out, { status, exitCode, detached, link }: Followed): void {
  const text =
    status === undefined || detached ? undefined : renderSummary(status, out.colours, { isTold: !isLive(out) });
  if (out.json && text !== undefined) out.note(text);
  out.result({ ...status, detached, exitCode, ...(link && { link }) }, text);
}
