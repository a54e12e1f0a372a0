import type { SlotCounters } from '../../../domain/router';
import type { Trigger } from '../../../domain/config';
import { firedTrigger, startTrigger, watchTrigger, type TriggerState } from '../../../domain/judging/triggers';

const MINUTE = 60_000;
const ERRORS: Trigger = { errorRate: 5, for: 5 * MINUTE };
const SAMPLE = 10_000;

const seen = (requests: number, errors: number, slow = 0): Record<string, SlotCounters> => ({
  api: {
    requests,
    errors,
    latency: [
      { upTo: 100, count: requests - slow },
      { upTo: 5_000, count: slow },
      { upTo: null, count: 0 },
    ],
  },
});
const GOOD = seen(100, 0);
const BAD = seen(100, 20);

/** Samples every 10 s for as many minutes each; answers after how many minutes it fired. */
function after(trigger: Trigger, ...parts: [number, Record<string, SlotCounters> | null][]): number | undefined {
  let state: TriggerState = watchTrigger(trigger, startTrigger(), { increment: GOOD, at: 0, minRequests: 20 });
  let at = 0;
  for (const [minutes, increment] of parts) {
    for (let sample = 0; sample < (minutes * MINUTE) / SAMPLE; sample++) {
      at += SAMPLE;
      state = watchTrigger(trigger, state, { increment, at, minRequests: 20 });
      if (firedTrigger([trigger], [state]) !== undefined) return at / MINUTE;
    }
  }
  return undefined;
}

describe('a limit over time', () => {
  it('fails when it is exceeded for that time, and not before [proves R2]', () => {
    expect(after(ERRORS, [4.5, BAD], [10, GOOD])).toBeUndefined();
    expect(after(ERRORS, [10, BAD])).toBe(5);
    expect(after({ p95: 1_000, for: 3 * MINUTE }, [10, seen(100, 0, 20)])).toBe(3);
  });

  it('is not cleared by a moment below it, only by a fifth of the time [proves R2]', () => {
    expect(after(ERRORS, [4, BAD], [0.5, GOOD], [2, BAD])).toBeLessThanOrEqual(5.5);
    expect(after(ERRORS, [4, BAD], [1.5, GOOD], [2, BAD])).toBeUndefined();
  });

  it('is neither begun nor cleared by missing evidence, or by too few requests', () => {
    expect(after(ERRORS, [4, BAD], [3, null], [2, BAD])).toBeLessThanOrEqual(9);
    expect(after(ERRORS, [30, null])).toBeUndefined();
    expect(after(ERRORS, [1, seen(1, 1)])).toBeUndefined();
  });

  it('finds errors among few requests, once there are enough of them', () => {
    expect(after(ERRORS, [30, seen(1, 1)])).toBeDefined();
  });

  it('is not fired by one bad moment after a long time without requests', () => {
    expect(after(ERRORS, [600, seen(0, 0)], [0.2, BAD])).toBeUndefined();
  });

  it('says what was seen, and for how long', () => {
    let state = watchTrigger(ERRORS, startTrigger(), { increment: null, at: 0, minRequests: 20 });
    for (let at = SAMPLE; at <= 5 * MINUTE; at += SAMPLE)
      state = watchTrigger(ERRORS, state, { increment: BAD, at, minRequests: 20 });
    expect(firedTrigger([ERRORS], [state])).toBe(
      'api: error rate 20 % (60 of 300 requests) > 5 % for 5 min, 5 min fail it',
    );
  });
});
