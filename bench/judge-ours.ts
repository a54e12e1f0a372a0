import { liveVerdicts, observeLive, startLive, testsOf, type LiveSettings } from '../domain/judging/live/judge';
import { incrementBetween } from '../domain/judging/increment';
import { Router, type Look } from '../tests/support/canary-traffic';
import type { Path, Rival } from './judge-rivals';

/* The live judge, seen as the rivals are: the smaller the p-value of a difference that matters, the louder it speaks. */

export const SETTINGS: LiveSettings = {
  level: 0.01,
  allowedErrors: 1,
  allowedLatency: 1.1,
  slowerBy: 5,
  minRequests: 50,
};
/** Above this p-value nobody would look at the size; it saves the time. */
const UNLIKELY = 0.3;

export const oursByErrors: Rival = { name: 'errors', path: (looks) => pathOf(looks, 'errors') };
export const oursByLatency: Rival = { name: 'latency', path: (looks) => pathOf(looks, 'latency') };

/** What speaks so loud is failed at the level that is promised. */
export const PROMISED = -Math.log(SETTINGS.level);

/** The same of a release with one service, whose three steps and two tests each share that level. */
export const PROMISED_IN_A_RELEASE = -Math.log(SETTINGS.level / 3 / testsOf(1));

function pathOf(looks: readonly Look[], metric: 'errors' | 'latency'): Path {
  const router = new Router();
  router.add('backend', nothing(looks[0]!));
  let before = router.counted();
  let state = startLive();
  const path = new Float64Array(looks.length);
  looks.forEach((look, index) => {
    router.add('backend', look);
    const now = router.counted();
    state = observeLive(state, incrementBetween(before, now), 'green');
    before = now;
    const { errors, latency } = state.services['backend']!;
    const pValue = metric === 'errors' ? errors.tests[0]!.pValue : latency.pValue;
    const matters =
      pValue < UNLIKELY &&
      liveVerdicts(state, { ...SETTINGS, level: UNLIKELY }).some(
        ({ name, label }) => name === `${metric} backend` && label === 'high',
      );
    path[index] = Math.max(path[index - 1] ?? 0, matters ? -Math.log(pValue) : 0);
  });
  return path;
}

function nothing({ baseline }: Look): Look {
  const none = { requests: 0, errors: 0, latency: baseline.latency.map(({ upTo }) => ({ upTo, count: 0 })) };
  return { baseline: none, canary: none };
}
