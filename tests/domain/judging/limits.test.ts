import { quantile, type Evidence } from '../../../domain/judging/counters';
import { judgeLimits } from '../../../domain/judging/limits';
import type { SlotCounters } from '../../../domain/router';
import type { Limits } from '../../../domain/config';

const limits = (given: Partial<Limits> = {}): Limits => ({ minRequests: 20, ...given });

/** `latency`: how many requests were answered within so many ms. */
function counters(requests: number, errors = 0, latency: Record<number, number> = { 10: requests }): SlotCounters {
  const bounds = [1, 5, 10, 100, 1_000].map((upTo) => ({ upTo, count: latency[upTo] ?? 0 }));
  return { requests, errors, latency: [...bounds, { upTo: null, count: latency[Infinity] ?? 0 }] };
}

const evidence = (services: Evidence['services'], rest: Partial<Evidence> = {}): Evidence => ({
  services,
  probes: {},
  ...rest,
});

describe('limits', () => {
  it.each([
    ['too few requests', { errorRate: 5 }, counters(3), 'inconclusive', '3 requests seen, 20 needed'],
    [
      'too few requests, all of them errors',
      { errorRate: 5 },
      counters(3, 3),
      'inconclusive',
      '3 requests seen, 20 needed',
    ],
    [
      'no requests where none are needed',
      { errorRate: 5, minRequests: 0 },
      counters(0),
      'not judged',
      '0 requests seen, and none needed',
    ],
    ['few errors', { errorRate: 5 }, counters(200, 10), 'pass', '200 requests, error rate 5 %, p95 10 ms'],
    ['many errors', { errorRate: 5 }, counters(200, 15), 'fail', 'api: error rate 7.5 % (15 of 200 requests) > 5 %'],
    [
      'slow ones',
      { p95: 500 },
      counters(100, 0, { 10: 90, 1_000: 10 }),
      'fail',
      'api: p95 550 ms (of 100 requests) > 500 ms',
    ],
    [
      'ones beyond any bound',
      { p95: 500 },
      counters(100, 0, { 10: 90, [Infinity]: 10 }),
      'fail',
      'api: p95 beyond any bound (of 100 requests) > 500 ms',
    ],
    ['no limits', {}, counters(0), 'not judged', 'no limits configured'],
  ] as const)('%s', (_, given, seen, verdict, reason) => {
    expect(judgeLimits(limits(given), evidence({ api: seen }))).toEqual({ verdict, reason });
  });

  it('find the one service that is bad among many requests of a good one', () => {
    const services = { web: counters(10_000), api: counters(50, 10) };
    expect(judgeLimits(limits({ errorRate: 5 }), evidence(services))).toEqual({
      verdict: 'fail',
      reason: 'api: error rate 20 % (10 of 50 requests) > 5 %',
    });
  });

  it('find an error rate that shows only in all services together', () => {
    const services = { web: counters(15, 4), api: counters(15, 4) };
    expect(judgeLimits(limits({ errorRate: 5 }), evidence(services)).reason).toMatch(
      /^all services: error rate 26.7 %/,
    );
  });

  it('count a request that got no answer as slower than any limit', () => {
    const unanswered = counters(100, 10, { 10: 90 });
    expect(quantile(unanswered, 0.95)).toBe(Infinity);
    expect(judgeLimits(limits({ p95: 30_000 }), evidence({ api: unanswered })).verdict).toBe('fail');
  });

  it('never pass for lack of data', () => {
    const gap = 'the router did not answer: ECONNREFUSED';
    expect(judgeLimits(limits({ errorRate: 5 }), evidence(null, { gap }))).toEqual({
      verdict: 'inconclusive',
      reason: `errorRate and p95 cannot be judged: ${gap}`,
    });
    expect(judgeLimits(limits({ p95: 5 }), evidence(null)).reason).toMatch(/the router counts no requests/);
    expect(judgeLimits(limits({ healthFailures: 3 }), evidence(null)).verdict).toBe('inconclusive');
  });

  it('on probes alone need no counters', () => {
    const probes = (failures: number) => ({ 'api-1 /health': { failures, seen: 'expected status 200, seen 500' } });
    const judged = (failures: number) =>
      judgeLimits(limits({ healthFailures: 3 }), evidence(null, { probes: probes(failures) }));
    expect(judged(2).verdict).toBe('pass');
    expect(judged(3)).toEqual({
      verdict: 'fail',
      reason: 'api-1 /health: 3 failed probes in a row, 3 fail it: expected status 200, seen 500',
    });
  });
});
