import { withIo, withStep } from './io';
import type { Parts } from './parts';
import type { Activities } from './steps';

/** Takes an environment for what has no preflight of its own, and says which generation did so last. */
export const fenceActivities = (parts: Parts): Pick<Activities, 'takeFence' | 'readGeneration'> => ({
  takeFence: (input) => withStep(parts, input, () => Promise.resolve(), 'take'),

  readGeneration: ({ scope, config }) =>
    withIo(async (io) => (await (await parts.state(config, scope)).fence.holder(io))?.generation ?? 0),
});
