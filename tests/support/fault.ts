import { snapshot, violations } from './invariants';
import { migration } from './tiny';
import { World } from './world';
import type { WorldOptions } from './world';

/** What came of a fault. */
export interface FaultResult {
  /** In words, what did not hold. */
  violations: string[];
  /** Requests lost although somebody was there to answer them. */
  lostRequests: number;
  /** Requests lost because nobody listened for a while; absent when somebody always should have. */
  lostWhileDown?: number;
  /** How long the release took. */
  seconds: number;
}

export interface Fault {
  /** Before the first release. */
  prepare?: (world: World) => Promise<void>;
  /** Strikes once the release is in this phase; waits until what it struck is back, not for the release. */
  strike: (world: World) => Promise<void>;
  phase: string;
  /** Requests may be lost while it strikes, since nobody listens. */
  losesTraffic?: boolean;
}

/** Releases over a live version under load, strikes in the middle, and checks all invariants after the end. */
export async function endure(
  options: WorldOptions,
  { prepare, strike, phase, losesTraffic }: Fault,
): Promise<FaultResult> {
  const world = await World.open({ database: true, config: (raw) => void (raw.drain.cap = '500ms'), ...options });
  try {
    await prepare?.(world);
    const first = await world.released('1.0.0', { files: migration('001') });
    if (first.status.outcome !== 'released') throw new Error(`the first release: ${first.status.why}`);
    const load = await world.load();
    const before = await snapshot(world);
    const began = Date.now();
    const releasing = await world.release('1.1.0', {
      files: migration('002'),
      config: (raw) => void (raw.canary.steps = [{ weight: 50, soak: '6s' }]),
    });
    await releasing.until((status) => status.phase === phase, 300_000);
    await strike(world);
    const lostWhileDown = losesTraffic ? (await load.settled()).lost : 0;
    const result = await releasing.result();
    const report = await load.stop();
    const lostRequests = report.lost - lostWhileDown;
    const found = await violations(world, before, result, {
      ...report,
      lost: lostRequests,
      losses: report.losses.slice(lostWhileDown),
    });
    if (result.status.outcome !== 'released') found.push(`${result.status.outcome}: ${result.status.why}`);
    const seconds = (Date.now() - began) / 1_000;
    return { violations: found, lostRequests, ...(losesTraffic && { lostWhileDown }), seconds };
  } finally {
    await world.close();
  }
}
