import { formatDuration } from '../domain/units';
import { empty, expectNoTraffic, introduce } from './group-traffic';
import { untilHealthy } from './healthy';
import { withStep } from './io';
import { noteKept, removeContainers } from './kept-volumes';
import type { Parts } from './parts';
import type { Activities } from './steps';

export const baselineActivities = (parts: Parts): Pick<Activities, 'deployBaseline' | 'removeBaseline'> => ({
  deployBaseline: (input) =>
    withStep(parts, input, async (step) => {
      const { target, io, release } = step;
      const { config, projectDirectory, live } = input;
      await noteKept(input, 'baseline', (id) => id !== release.id, step);
      const started = Date.now();
      const replicas = (await target.groups.copy(release, live.slot, io)).length;
      const copies = { version: live.version, replicas };
      await untilHealthy({ release, config, group: 'baseline', copies, projectDirectory, target, io, parts });
      await step.assertFence();
      await introduce(input, 'baseline', step);
      const count = `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
      return {
        detail: `fresh baseline of ${live.version}: ${count} healthy after ${formatDuration(Date.now() - started)}`,
      };
    }),

  removeBaseline: (input) =>
    withStep(parts, input, async (step) => {
      const { target, io, release } = step;
      if ((await target.replicas.list(release, 'baseline', io)).length === 0) return;
      await expectNoTraffic('baseline', 'it is removed', step);
      await empty(release, 'baseline', step);
      await step.assertFence();
      const removed = await removeContainers(input, { group: 'baseline', releaseId: release.id }, step);
      io.onProgress(`removed ${removed.join(', ') || 'nothing'}`);
    }),
});
