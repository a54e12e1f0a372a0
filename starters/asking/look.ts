import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { messageOf } from '../../domain/failures';
import type { Scope } from '../../domain/release';
import { WORKFLOWS } from '../../workflows/messages';
import type { EnvironmentState, LookAnswer, LookInput } from '../../workflows/messages';
import { runWorkflow } from './environment';
import { isConnectionLoss } from './client';
import { temporal } from '../temporal-client';

/**
 * Undefined when nothing is live, a release is moving it just now, or it was released before Spillway kept its
 * configuration.
 */
export async function lookAtLive(
  client: Client,
  { app, environment }: Scope,
  { live, config, current }: EnvironmentState,
): Promise<LookAnswer | { unseen: string } | undefined> {
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
    if (error instanceof Error && isConnectionLoss(error)) return { unseen: 'Temporal does not answer' };
    throw error;
  }
}
