import { createRequire } from 'node:module';
import type * as client from '@temporalio/client';

const load = createRequire(__filename);

/** Loads Temporal's client, which takes longer than all else of a command: only those that ask Temporal may wait for it. */
export function temporal(): typeof client {
  return load('@temporalio/client') as typeof client;
}
