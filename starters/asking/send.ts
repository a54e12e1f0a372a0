import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { messageOf, UnreachableFailure } from '../../domain/failures';
import type { MessageName } from '../../domain/messages';
import { releaseWorkflowId } from '../../domain/names';
import type { ReleaseResult, Scope } from '../../domain/release';
import { messageSignal, messageUpdate } from '../../workflows/messages';
import type { MessageInput } from '../../workflows/messages';
import { untilAnswered } from './client';
import { RefusedFailure } from './refused';
import { timeText } from '../render/words';
import { temporal } from '../temporal-client';

/** Milliseconds; then `abort` goes as a signal, which Temporal keeps. */
const ABORT_PATIENCE = 2_000;
/** Milliseconds for any other message. */
const PATIENCE = 30_000;

/** `kept`: no worker answered, so Temporal keeps the message for the release. */
type Sent = 'accepted' | 'kept';

interface Told extends MessageInput {
  name: MessageName;
  /** Names one run, so that a message for one release never reaches the next. */
  runId?: string;
}

/** @throws RefusedFailure when no release runs or it refuses; UnreachableFailure when no worker answers */
export async function sendMessage(client: Client, scope: Scope, { name, runId, ...input }: Told): Promise<Sent> {
  const handle = client.workflow.getHandle(releaseWorkflowId(scope), runId);
  const patience = name === 'abort' ? ABORT_PATIENCE : PATIENCE;
  const options = { args: [input] as [unknown], updateId: randomUUID() };
  const update = () => handle.executeUpdate(messageUpdate(name), options);
  try {
    if ('answer' in (await untilAnswered(client, Date.now() + patience, update))) return 'accepted';
    if (name === 'abort') {
      await handle.signal(messageSignal(name), input);
      return 'kept';
    }
  } catch (error) {
    if (error instanceof temporal().WorkflowNotFoundError) throw await nothingRuns(client, scope, name);
    if (error instanceof temporal().WorkflowUpdateFailedError)
      throw new RefusedFailure(`${name} was refused: ${messageOf(error)}`, { cause: error });
    throw error;
  }
  throw new UnreachableFailure(
    `expected a worker to answer within ${PATIENCE / 1_000} s, seen none: nobody knows whether ${name} arrived; ` +
      'see that a worker runs (`spillway doctor`), then look at `spillway status` before sending it again',
  );
}

async function nothingRuns(client: Client, scope: Scope, name: MessageName): Promise<RefusedFailure> {
  const where = `${scope.app} in ${scope.environment}`;
  const handle = client.workflow.getHandle(releaseWorkflowId(scope));
  try {
    const { closeTime } = await handle.describe();
    const ending = await endingOf(handle);
    const when = closeTime === undefined ? '' : ` at ${timeText(closeTime.getTime())} UTC`;
    const instead = name === 'rollback' ? '; to go back now, release an earlier version' : '';
    return new RefusedFailure(`${name} comes too late: the last release of ${where} ended${when}${ending}${instead}`);
  } catch (error) {
    if (!(error instanceof temporal().WorkflowNotFoundError)) throw error;
    return new RefusedFailure(
      `expected a running release of ${where} for ${name}, seen that none was ever started; \`spillway release\` begins one`,
    );
  }
}

async function endingOf(handle: WorkflowHandle): Promise<string> {
  try {
    const { status } = (await handle.result()) as ReleaseResult;
    return `: ${status.release.version} ${status.outcome}`;
  } catch (error) {
    return `: ${messageOf(error)}`;
  }
}
