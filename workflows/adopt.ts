import { patched } from '@temporalio/workflow';
import type { AdoptInput, AdoptAnswer } from './messages';
import { summarised } from './run';
import { quick } from './steps';

/** Makes this Temporal the one that releases in an environment. */
export async function adopt({ step, force }: AdoptInput): Promise<AdoptAnswer> {
  const input = { ...step, ...(await generationOf(step)), force };
  return summarised(quick.adoptEnvironment, 'become the Temporal that releases here', input);
}

/** The generation gets into the history first, so a late retry has a lower one than any request after it. */
async function generationOf({ release, config }: AdoptInput['step']): Promise<{ generation?: number }> {
  if (!patched('fence-generation')) return {};
  const { app, environment } = release;
  const input = { scope: { app, environment }, config };
  return { generation: 1 + (await summarised(quick.readGeneration, 'read the generation of the fence', input)) };
}
