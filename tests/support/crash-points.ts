import type { CrashPoint, Trace } from './crash-file';

/* Where the worker of a release is killed. */

/** The two releases that are killed everywhere. */
export type Variant = 'released' | 'rolled back';

/** With a name for people: the how manieth step of its kind it is. */
export interface NamedPoint extends CrashPoint {
  name: string;
}

const WHEN = ['before', 'during', 'after', 'between'] as const;

/**
 * The points at which a release that ran these steps can be killed.
 *
 * @param full also before each step begins: `during` asks the same of the next worker, and leaves it half an effect
 */
export function crashPoints(variant: Variant, steps: Trace[], full: boolean): NamedPoint[] {
  const moments = WHEN.filter((when) => full || when !== 'before');
  return named(steps).flatMap(({ name, step: { activity, id, workflow, duration } }) => {
    const delayMs = Math.round(duration / 2);
    return moments.map((when) => ({ activity, id, workflow, when, delayMs, name: `${variant}: ${when} ${name}` }));
  });
}

/**
 * The points of a good release, without those which a release that is rolled back has as well: both do the same until
 * traffic moves. There it is killed in the middle of each step only, where it leaves half an effect.
 */
export function withoutShared(points: NamedPoint[], good: Trace[], bad: Trace[]): NamedPoint[] {
  const first = good.findIndex(({ activity }) => activity === 'setTraffic');
  const inBoth = new Set(named(bad).map(({ name }) => name));
  const shared = new Set(
    named(good)
      .slice(0, first)
      .filter(({ name }) => inBoth.has(name))
      .map(({ step: { workflow, id } }) => `${workflow} ${id}`),
  );
  return points.filter(({ workflow, id, when }) => when === 'during' || !shared.has(`${workflow} ${id}`));
}

/** Steps with the how manieth of its kind each is. */
function named(steps: Trace[]): { name: string; step: Trace }[] {
  const seen = new Map<string, number>();
  return steps.map((step) => {
    const nth = (seen.get(step.activity) ?? 0) + 1;
    seen.set(step.activity, nth);
    return { name: `${step.activity} ${nth}`, step };
  });
}

/** Spreads points over as few releases as have at most so many each, far apart and never two in one step. */
export function share(points: NamedPoint[], together: number): NamedPoint[][] {
  const releases = Math.max(Math.ceil(points.length / together), WHEN.length);
  const groups = Array.from({ length: releases }, (_, first) => points.filter((_point, at) => at % releases === first));
  return groups.filter((group) => group.length > 0);
}
