import { addUp, quantile, sumUp } from '../../../domain/judging/counters';
import { incrementBetween, startTally, tallied } from '../../../domain/judging/increment';
import { judgeLimits, totals } from '../../../domain/judging/limits';
import type { RouterCounters, SlotCounters } from '../../../domain/router';
import { seeded } from '../../support/seeded';

/* The router tells which requests no version answered, and only these are slower than any bound. */

const counted = (api: SlotCounters): RouterCounters => ({ process: '7@1', slots: { blue: {}, green: { api } } });
const latency = (fast: number): SlotCounters['latency'] => [
  { upTo: 10, count: fast },
  { upTo: null, count: 0 },
];
const judged = (tally: ReturnType<typeof startTally>) =>
  judgeLimits({ p95: 10_000, minRequests: 20 }, { services: tally.slots.green, probes: {} });
const between = (...readings: SlotCounters[]) =>
  readings.map(counted).reduce(
    ({ before, tally }, now) => ({
      before: now,
      tally: before ? tallied(tally, incrementBetween(before, now)) : tally,
    }),
    { before: undefined as RouterCounters | undefined, tally: startTally() },
  ).tally;

test('a good version with 8 % errors is not failed for latencies that were read late when its step began', () => {
  const since = { requests: 100, errors: 8, unanswered: 0, latency: latency(110) };
  const now = { requests: 121, errors: 10, unanswered: 0, latency: latency(121) };
  const tally = between(since, now);
  expect(totals(tally.slots.green)).toEqual({ requests: 21, errors: 2, p95: 9.5 });
  expect(judged(tally).verdict).toBe('pass');
});

test('requests that an older version of Spillway counted are judged as it judged them', () => {
  const older = { requests: 100, errors: 0, latency: latency(100) };
  const now = { requests: 200, errors: 20, unanswered: 0, latency: latency(180) };
  for (const tally of [between(older, now), between(older, now, { ...now, requests: 201, latency: latency(181) })]) {
    expect(tally.slots.green['api']).not.toHaveProperty('unanswered');
    expect(judged(tally)).toMatchObject({
      verdict: 'fail',
      reason: expect.stringContaining('beyond any bound') as string,
    });
  }
});

test('a sum knows them only when every part does', () => {
  const known = { requests: 10, errors: 3, unanswered: 2, latency: latency(8) };
  const older = { requests: 10, errors: 3, latency: latency(8) };
  expect(sumUp([known, known])).toMatchObject({ requests: 20, unanswered: 4 });
  expect(sumUp([known, older])).not.toHaveProperty('unanswered');
  expect(addUp({ api: older }, { api: known })['api']).not.toHaveProperty('unanswered');
});

test('fewer of them than before are missing evidence', () => {
  const before = counted({ requests: 10, errors: 3, unanswered: 2, latency: latency(8) });
  const fewer = counted({ requests: 20, errors: 3, unanswered: 1, latency: latency(18) });
  expect(incrementBetween(before, fewer)).toEqual({ gap: 'counters of the router fell' });
});

/** `unreached` is counted with the requests, `answered for` with the latencies, which are read later. */
type Ending = 'good' | 'error' | 'unreached' | 'answered for';

function readAt(endings: Ending[], { requests, latencies }: { requests: number; latencies: number }): SlotCounters {
  const count = (until: number, ...which: Ending[]) =>
    endings.slice(0, until).filter((one) => which.includes(one)).length;
  return {
    requests,
    errors: requests - count(requests, 'good'),
    unanswered: count(requests, 'unreached') + count(latencies, 'answered for'),
    latency: latency(count(latencies, 'good', 'error')),
  };
}

const random = seeded(8);
const upTo = (most: number): number => Math.floor(random() * (most + 1));

/** Readings one after the other, with any time between the two parts of each. */
function readings(endings: Ending[]): SlotCounters[] {
  const moments = Array.from({ length: 2 * (2 + upTo(8)) }, () => upTo(endings.length)).sort((a, b) => a - b);
  const pairs = moments
    .filter((_, index) => index % 2 === 0)
    .map((at, index) => [at, moments[2 * index + 1]!] as const);
  return pairs.map(([requests, latencies]) => readAt(endings, { requests, latencies }));
}

const RUNS = Array.from({ length: 500 }, () => 50 + upTo(400));

describe('whatever time passes between the two parts of each reading', () => {
  test('answers of the version, errors too, never make a quantile infinite', () => {
    for (const length of RUNS) {
      const failing = random();
      const seen = readings(Array.from({ length }, () => (random() < failing ? 'error' : 'good')));
      const { api } = between(...seen).slots.green;
      for (const part of [0.5, 0.95, 1]) expect(quantile(api!, part)).not.toBe(Infinity);
    }
  });

  test('each request without any answer counts as slower than any bound', () => {
    for (const length of RUNS) {
      const endings = Array.from(
        { length },
        (): Ending => (['good', 'error', 'unreached', 'answered for'] as const)[upTo(3)]!,
      );
      const seen = readings(endings);
      const { api } = between(...seen).slots.green;
      const unanswered = seen.at(-1)!.unanswered! - seen[0]!.unanswered!;
      expect(api!.unanswered).toBe(unanswered);
      if (unanswered > 0) expect(quantile(api!, 1)).toBe(Infinity);
    }
  });

  test('a version that answers nothing is beyond any bound, and one that rarely leaves one unreached is not', () => {
    for (const length of RUNS) {
      const nothing = Array.from({ length }, (): Ending => (random() < 0.5 ? 'unreached' : 'answered for'));
      const { api } = between(...readings(nothing)).slots.green;
      if (api!.unanswered! > 0) expect(quantile(api!, 0.95)).toBe(Infinity);
      const rarely = Array.from({ length }, (_, at): Ending => (at % 25 === 24 ? 'unreached' : 'error'));
      const few = between(...readings(rarely)).slots.green['api']!;
      if (few.requests >= 25 * few.unanswered!) expect(quantile(few, 0.95)).not.toBe(Infinity);
    }
  });
});
