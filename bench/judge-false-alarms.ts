import {
  liveVerdicts,
  observeLive,
  startLive,
  testsOf,
  type LiveSettings,
  type LiveState,
} from '../domain/judging/live/judge';
import { incrementBetween } from '../domain/judging/increment';
import { Router, Traffic } from '../tests/support/canary-traffic';

/** Canaries of two steps, 10 % and 50 %, of half an hour each. */
const STEPS = [0.1, 0.5];
const LOOKS = 180;
const SERVICES = [
  { name: 'frontend', latency: 'cached', errorRate: 0.001, requests: 300 },
  { name: 'backend', latency: 'usual', errorRate: 0.01, requests: 150 },
  { name: 'search', latency: 'skewed', errorRate: 0.2, requests: 40 },
] as const;

/**
 * The part of canaries that are failed although nothing differs, at the default of 1 %: three services with very different
 * latencies and error rates, whose volume, errors and latency go up and down, judged after every sample of every step.
 */
export function falseAlarmRate(canaries: number): number {
  const level = 0.01 / STEPS.length / testsOf(SERVICES.length);
  const settings: LiveSettings = { level, allowedErrors: 1, allowedLatency: 1.1, slowerBy: 5, minRequests: 50 };
  let alarms = 0;
  for (let seed = 1; seed <= canaries; seed++) if (isFailed(seed, settings)) alarms++;
  return alarms / canaries;
}

function isFailed(seed: number, settings: LiveSettings): boolean {
  const services = SERVICES.map(({ name, ...rest }, index) => ({
    name,
    traffic: new Traffic({ ...rest, seed: seed * 10 + index, varying: true }),
  }));
  return STEPS.some((share) => {
    const router = new Router();
    for (const { name, traffic } of services) router.add(name, traffic.next(share));
    let before = router.counted();
    let state = startLive();
    for (let look = 0; look < LOOKS; look++) {
      for (const { name, traffic } of services) router.add(name, traffic.next(share));
      const now = router.counted();
      state = observeLive(state, incrementBetween(before, now), 'green');
      before = now;
      if (isCertain(state, settings) && liveVerdicts(state, settings).some(({ label }) => label === 'high'))
        return true;
    }
    return false;
  });
}

/** Without this there can be no alarm; it saves the time of asking. */
function isCertain({ services, together }: LiveState, { level }: LiveSettings): boolean {
  const single = Object.values(services).flatMap(({ errors, latency }) => [errors.tests[0]!.pValue, latency.pValue]);
  return Math.min(together.errors, together.latency, ...single) <= level;
}
