import { quantile } from '../../../domain/judging/counters';
import { incrementBetween, startTally, tallied } from '../../../domain/judging/increment';
import { judgeLimits, totals } from '../../../domain/judging/limits';
import type { RouterCounters, SlotCounters } from '../../../domain/router';

/** `latency`: how many requests were answered within so many ms. */
function counters(requests: number, errors = 0, latency: Record<number, number> = { 10: requests }): SlotCounters {
  const bounds = [1, 5, 10, 100, 1_000].map((upTo) => ({ upTo, count: latency[upTo] ?? 0 }));
  return { requests, errors, latency: [...bounds, { upTo: null, count: latency[Infinity] ?? 0 }] };
}
const counted = (process: string, green: Record<string, SlotCounters>, blue = {}): RouterCounters => ({
  process,
  slots: { blue, green },
});

describe('an increment', () => {
  it('is the difference to the reading before', () => {
    const before = counted('7@1', { api: counters(100, 10, { 10: 90, 1_000: 10 }) });
    const now = counted('7@1', { api: counters(150, 11, { 10: 130, 1_000: 20 }), web: counters(5) });
    expect(incrementBetween(before, now)).toEqual({
      slots: { blue: {}, green: { api: counters(50, 1, { 10: 40, 1_000: 10 }), web: counters(5) } },
    });
  });

  it('takes no request for unanswered that ended between the two readings at the beginning', () => {
    const before = counted('7@1', { api: counters(100, 0, { 10: 103 }) });
    const now = counted('7@1', { api: counters(120, 3, { 10: 120 }) });
    const { slots } = tallied(startTally(), incrementBetween(before, now));
    expect(totals(slots.green)).toMatchObject({ requests: 20, errors: 3, p95: expect.closeTo(9.8, 0) as number });
  });

  const FELL = 'counters of the router fell';
  const before = counted('7@1', { api: counters(100, 5) }, { api: counters(100, 5) });
  const same = before.slots.green;
  it.each([
    ['another process', counted('8@2', { api: counters(150, 5) }, same), 'the router began to count anew'],
    ['fewer requests', counted('7@1', { api: counters(30, 5) }, same), FELL],
    ['fewer errors', counted('7@1', { api: counters(150, 4) }, same), FELL],
    ['fewer fast ones', counted('7@1', { api: counters(150, 5, { 10: 99, 100: 51 }) }, same), FELL],
    ['a service that is gone', counted('7@1', { web: counters(900) }, same), FELL],
    ['a live version that counts less', counted('7@1', same, { api: counters(30, 5) }), FELL],
  ])('is missing evidence with %s', (_, now, gap) => {
    expect(incrementBetween(before, now)).toEqual({ gap });
  });
});

describe('the tally of a step', () => {
  const at = (requests: number, process = '7@1') => counted(process, { api: counters(requests) });
  const added = (...readings: RouterCounters[]) =>
    readings
      .slice(1)
      .reduce((tally, now, index) => tallied(tally, incrementBetween(readings[index]!, now)), startTally());

  it('is what was counted since it began, however many samples it took', () => {
    expect(added(at(100), at(130), at(130), at(250))).toEqual(added(at(100), at(250)));
    expect(added(at(100), at(250)).slots.green).toEqual({ api: counters(150) });
  });

  it('begins anew after a gap and says so, so that less was seen and never more', () => {
    const { slots, gap } = added(at(100), at(900), at(40, '8@2'), at(50, '8@2'));
    expect(slots.green).toEqual({ api: counters(10) });
    expect(gap).toBe('the router began to count anew, evidence from before is not used');
    expect(judgeLimits({ errorRate: 5, minRequests: 20 }, { services: slots.green, gap, probes: {} })).toEqual({
      verdict: 'inconclusive',
      reason: `10 requests seen, 20 needed (${gap})`,
    });
  });
});

describe('a quantile', () => {
  it('is interpolated within its bucket, and none without requests', () => {
    expect(quantile(counters(100, 0, { 1: 50, 5: 50 }), 0.75)).toBe(3);
    expect(quantile(counters(0), 0.95)).toBeNull();
  });
});
