import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { messageOf, UnreachableFailure } from '../../domain/failures';
import type { Scope } from '../../domain/release';
import { WORKFLOWS } from '../../workflows/messages';
import type { EnvironmentState, LookAnswer, LookInput } from '../../workflows/messages';
import { runWorkflow } from './environment';
import { isConnectionLoss } from './client';
import { temporal } from '../temporal-client';

export interface Unseen {
  /** Why nobody could say it. */
  unseen: string;
  /** True when no worker or no Temporal answered. */
  silent?: true;
}

/**
 * Undefined when nothing is live, a release is moving it just now, or it was released before Spillway kept its
 * configuration.
 */
export async function lookAtLive(
  client: Client,
  { app, environment }: Scope,
  { live, config, current }: EnvironmentState,
): Promise<LookAnswer | Unseen | undefined> {
  if (!live || !config || current) return undefined;
  const input: LookInput = { app, environment, config, live };
  try {
    return await runWorkflow<LookAnswer>(client, {
      workflow: WORKFLOWS.look,
      workflowId: `look/${app}/${environment}/${randomUUID()}`,
      input,
      limit: '20s',
    });
  } catch (error) {
    if (error instanceof temporal().WorkflowFailedError) return { unseen: messageOf(error) };
    if (error instanceof UnreachableFailure) return { unseen: error.message, silent: true };
    if (error instanceof Error && isConnectionLoss(error)) return { unseen: 'Temporal does not answer', silent: true };
    throw error;
  }
}
