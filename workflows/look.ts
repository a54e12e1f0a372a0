import type { LookAnswer, LookInput } from './messages';
import { summarised } from './run';
import { brief } from './steps';

/** Asks the target about the live version, and changes nothing. */
export async function look({ app, environment, config, live }: LookInput): Promise<LookAnswer> {
  return summarised(brief.lookAtLive, 'look at what is live', { scope: { app, environment }, config, live });
}
