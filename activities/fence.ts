import { withIo, withStep } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

/** Takes an environment for operations without a preflight. */
export const fenceActivities = (parts: Parts): Pick<Activities, 'takeFence' | 'readGeneration'> => ({
  takeFence: (input) => withStep(parts, input, () => Promise.resolve(), 'take'),

  readGeneration: ({ scope, config }) =>
    withIo(async (io) => (await (await parts.state(config, scope)).fence.holder(io))?.generation ?? 0),
});
