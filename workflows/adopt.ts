import type { AdoptInput, AdoptAnswer } from './messages';
import { summarised } from './run';
import { quick } from './steps';

/** Makes this Temporal the one that releases in an environment. */
export async function adopt({ step, force }: AdoptInput): Promise<AdoptAnswer> {
  return summarised(quick.adoptEnvironment, 'become the Temporal that releases here', { ...step, force });
}
