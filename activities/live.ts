import { liveState, type Serving } from '../domain/live-state';
import { withOpen, type StepParts } from './io';
import { findOwn } from './ownership';
import type { Parts } from './parts';
import { routingOf } from './routing';
import type { Activities, Step } from './steps';

type Looking = Pick<StepParts, 'target' | 'router' | 'state' | 'release' | 'io'>;

export const liveActivities = (parts: Parts): Pick<Activities, 'lookAtLive'> => ({
  lookAtLive: ({ scope, config, live }) =>
    withOpen(parts, { config, release: scope }, async (open) => {
      const step = { release: { ...scope, ...live, id: live.releaseId }, config };
      const release = await findOwn(parts, step, open);
      if ('problem' in release) return { condition: 'foreign', detail: parts.redact(release.problem) };
      const { condition, detail } = liveState(live, await lookAtServing(step, { ...open, release }), config.services);
      return { condition, detail: parts.redact(detail) };
    }),
});

export async function lookAtServing(
  step: Pick<Step, 'config' | 'release'>,
  { target, router, state, release, io }: Looking,
): Promise<Serving> {
  const [blue, green, probe, { running }] = await Promise.all([
    target.replicas.list(release, 'blue', io),
    target.replicas.list(release, 'green', io),
    target.probe(io),
    router.probe(await routingOf({ ...step, release }, target, io), io),
  ]);
  const releases = [...new Set([...blue, ...green].map(({ releaseId }) => releaseId))];
  const entries = await Promise.all(releases.map((id) => state.ledger.find(id, io)));
  return {
    slots: { blue, green },
    share: running ? await router.greenShare(release, io) : undefined,
    routerRuns: running,
    failed: entries.flatMap((entry) => (entry && entry.outcome !== 'released' ? [entry.release.id] : [])),
    now: probe.now,
  };
}
