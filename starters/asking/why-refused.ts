import type { Client } from '@temporalio/client';
import { KINDS, kindOf } from '../../domain/kinds';
import type { Request } from '../../domain/request';
import type { ReleaseAnswer } from '../../workflows/messages';
import { ReleaseView } from '../following/release-view';

/** The environment knows who has it; the release itself says what it waits for. */
export async function whyRefused(
  client: Client,
  { app, environment }: Request,
  { reason, current }: Extract<ReleaseAnswer, { accepted: false }>,
): Promise<string> {
  if (!current) return reason;
  const look = await new ReleaseView(client, { app, environment }, current.releaseId).look();
  if (look.kind !== 'status' || look.status.state !== 'needs a hand') return reason;
  const { kind, version } = current;
  const { named } = KINDS[kindOf({ kind, release: { version } })];
  return (
    `the ${named(version, { app, environment })} by ${current.who} needs a hand, and nothing else can be released until that is settled: ` +
    '`spillway status` says what could not be undone, and what to do'
  );
}
