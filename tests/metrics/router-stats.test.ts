import { RouterFailure, UnreachableFailure } from '../../domain/failures';
import { routerEvidence } from '../../metrics/router-stats';
import type { RouterCounters } from '../../domain/router';

const counters = (requests: number): RouterCounters => ({
  process: '7@1',
  slots: { blue: {}, green: { api: { requests, errors: 0, latency: [{ upTo: null, count: requests }] } } },
});
const evidence = (answer: () => Promise<RouterCounters>, baseline: RouterCounters | null = counters(10)) =>
  routerEvidence(answer, baseline, 'green');

test('what the router counted since the baseline is evidence', async () => {
  const { services } = await evidence(() => Promise.resolve(counters(25)));
  expect(services).toMatchObject({ api: { requests: 15 } });
});

test.each([new UnreachableFailure('no socket'), new RouterFailure('no socket')])(
  'a router that does not answer is missing evidence: %s',
  async (failure) => {
    expect(await evidence(() => Promise.reject(failure))).toEqual({
      services: null,
      counters: null,
      gap: 'the router did not answer: no socket',
    });
  },
);

test('a mistake in the program is not taken for missing evidence', async () => {
  await expect(evidence(() => Promise.reject(new TypeError('mistake')))).rejects.toThrow(TypeError);
});

test('without a baseline there is no evidence', async () => {
  expect(await evidence(() => Promise.resolve(counters(25)), null)).toEqual({ services: null, counters: null });
});
