import { RouterFailure, UnreachableFailure } from '../../domain/failures';
import type { RouterCounters } from '../../domain/router';
import { readRouter } from '../../metrics/router-stats';

test('a router that answers is read', async () => {
  const counters: RouterCounters = { process: '7@1', slots: { blue: {}, green: {} } };
  expect(await readRouter(() => Promise.resolve(counters))).toEqual({ counters });
});

test.each([new UnreachableFailure('no socket'), new RouterFailure('no socket')])(
  'a router that does not answer is missing evidence: %s',
  async (failure) => {
    expect(await readRouter(() => Promise.reject(failure))).toEqual({
      counters: null,
      gap: 'the router did not answer: no socket',
    });
  },
);

test('a mistake in the program is not taken for missing evidence', async () => {
  await expect(readRouter(() => Promise.reject(new TypeError('mistake')))).rejects.toThrow(TypeError);
});
