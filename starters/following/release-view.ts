import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Beat } from '../../activities/canary/soak';
import { messageOf } from '../../domain/failures';
import { environmentWorkflowId, releaseWorkflowId } from '../../domain/names';
import type { Judgement, ReleaseResult, ReleaseStatus, Scope } from '../../domain/release';
import { environmentQuery, statusQuery } from '../../workflows/messages';
import type { EnvironmentState } from '../../workflows/messages';
import { isConnectionLoss } from '../asking/client';
import type { Trouble } from '../render/troubles';
import { temporal } from '../temporal-client';

/** Milliseconds for one answer; another worker takes over within about 3 s. */
const ANSWER_TIMEOUT = 4_000;
/** Milliseconds between looks at the steps, since the release does not know that they are tried again. */
const STEPS_EVERY = 2_000;

type PendingStep = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

interface StepsSeen {
  seenAt: number;
  /** The release knew these judgements then, as JSON. */
  after: string;
  trouble?: Trouble;
  judgement?: Judgement;
}

export type Look =
  | { kind: 'absent' }
  | { kind: 'status'; status: ReleaseStatus; trouble?: Trouble }
  | { kind: 'ended'; status: ReleaseStatus }
  /** It was terminated, failed or timed out, so nothing was undone. */
  | { kind: 'gone'; how: string }
  /** Nobody says how it goes on. `stuck`: workers are there, but its code fails; its environment handles that. */
  | { kind: 'silent'; why: string; stuck?: true };

/** Once found it stays with its run, since the next release has the same workflow id. */
export class ReleaseView {
  private readonly strict: Client;
  private run?: string;
  private steps: StepsSeen = { seenAt: 0, after: '' };

  constructor(
    private readonly client: Client,
    private readonly scope: Scope,
    private readonly releaseId?: string,
  ) {
    // A closed release is told from its result, so no query has to reach a worker.
    const { connection, options } = client;
    this.strict = new (temporal().Client)({
      connection,
      namespace: options.namespace,
      workflow: { queryRejectCondition: 'NOT_OPEN' },
    });
  }

  get runId(): string | undefined {
    return this.run;
  }

  /** Answers `silent` instead of throwing for a failure that may soon be over. */
  async look(): Promise<Look> {
    try {
      const runId = this.run ?? (await this.handle().describe()).runId;
      const look = await this.lookAt(runId);
      if (this.isOther(look)) return { kind: 'absent' };
      if (this.releaseId === undefined || look.kind === 'status' || look.kind === 'ended') this.run = runId;
      return look;
    } catch (error) {
      if (error instanceof temporal().WorkflowNotFoundError) return { kind: 'absent' };
      if (isConnectionLoss(error)) return { kind: 'silent', why: 'Temporal does not answer' };
      throw error;
    }
  }

  private isOther(look: Look): boolean {
    if (this.run !== undefined || this.releaseId === undefined) return false;
    if (look.kind === 'gone') return true;
    return (look.kind === 'status' || look.kind === 'ended') && look.status.release.id !== this.releaseId;
  }

  private async lookAt(runId: string): Promise<Look> {
    const handle = this.strict.workflow.getHandle(releaseWorkflowId(this.scope), runId);
    try {
      const status = await this.client.connection.withDeadline(Date.now() + ANSWER_TIMEOUT, () =>
        handle.query(statusQuery),
      );
      const { trouble, judgement } = await this.stepsOf(runId, status);
      return { kind: 'status', status: { ...status, ...(judgement && { judgement }) }, ...(trouble && { trouble }) };
    } catch (error) {
      if (error instanceof temporal().QueryRejectedError) return resultOf(handle);
      if (error instanceof temporal().WorkflowNotFoundError) throw error;
      return { kind: 'silent', ...(await this.whySilent(runId, error)) };
    }
  }

  /** Asks the steps themselves, since the release hears from them only at their end. */
  private async stepsOf(runId: string, { judged }: ReleaseStatus): Promise<Omit<StepsSeen, 'seenAt' | 'after'>> {
    const after = JSON.stringify(judged ?? []);
    if (Date.now() - this.steps.seenAt < STEPS_EVERY) {
      // That soak has ended since then, and the release knows more about it now.
      return this.steps.after === after ? this.steps : { trouble: this.steps.trouble };
    }
    const pending = (await this.handle(runId).describe()).raw.pendingActivities ?? [];
    const trouble = troubleOf(pending);
    const judgement = pending.map(judgementIn).find((one) => one !== undefined);
    this.steps = { seenAt: Date.now(), after, ...(trouble && { trouble }), judgement };
    return this.steps;
  }

  /** An absent worker looks like one that cannot replay the release, except for the attempts of its task. */
  private async whySilent(runId: string, error: unknown): Promise<{ why: string; stuck?: true }> {
    const { raw } = await this.handle(runId).describe();
    const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
    if (attempt <= 2 && !(error instanceof temporal().QueryNotRegisteredError)) return { why: 'no worker answers' };
    const why = `the worker cannot go on with it (attempt ${attempt}): see its log; a corrected worker takes it up again`;
    return { why, stuck: true };
  }

  private handle(runId?: string): WorkflowHandle {
    return this.client.workflow.getHandle(releaseWorkflowId(this.scope), runId);
  }
}

/** Null when it was never asked for a release. @throws what Temporal raises when no worker answers */
export async function readEnvironment(client: Client, scope: Scope): Promise<EnvironmentState | null> {
  const handle = client.workflow.getHandle(environmentWorkflowId(scope));
  try {
    return await client.connection.withDeadline(Date.now() + 2 * ANSWER_TIMEOUT, () => handle.query(environmentQuery));
  } catch (error) {
    if (error instanceof temporal().WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Undefined when no step failed that is tried again. */
export function troubleOf(pending: PendingStep[]): Trouble | undefined {
  const again = pending.find(({ attempt, lastFailure }) => (attempt ?? 1) > 1 && lastFailure);
  if (again === undefined) return undefined;
  const { activityType, attempt, lastFailure } = again;
  const [why = ''] = (lastFailure?.message ?? '').split('\n');
  return { step: activityType?.name ?? 'a step', attempt: attempt ?? 1, why };
}

/** A soak beats with its verdict; undefined for any other step. */
function judgementIn({ activityType, heartbeatDetails }: PendingStep): Judgement | undefined {
  const [payload] = heartbeatDetails?.payloads ?? [];
  if (activityType?.name !== 'soak' || !payload) return undefined;
  const beat = defaultPayloadConverter.fromPayload<Partial<Beat> | string>(payload);
  return typeof beat === 'object' ? beat.judgement : undefined;
}

async function resultOf(handle: WorkflowHandle): Promise<Look> {
  try {
    const { status } = (await handle.result()) as ReleaseResult;
    return { kind: 'ended', status };
  } catch (error) {
    if (error instanceof temporal().WorkflowFailedError) return { kind: 'gone', how: messageOf(error) };
    throw error;
  }
}
