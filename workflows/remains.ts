import type { RemainsAnswer, RemainsInput } from './messages';
import { summarised } from './run';
import { quick } from './steps';

/** Says what a removal would remove. */
export async function remains(input: RemainsInput): Promise<RemainsAnswer> {
  return summarised(quick.lookAtRemains, 'look at what would go', input);
}
