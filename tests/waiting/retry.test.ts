import { retry } from '../../waiting/retry';

const { signal } = new AbortController();
/** Fails so many times, each time with another message, and then answers how many tries it took. */
function failing(times: number) {
  let tries = 0;
  return jest.fn(() => (++tries > times ? Promise.resolve(tries) : Promise.reject(new Error(`failure ${tries}`))));
}

test('what fails is done again until it works, and an answer of nothing is an answer', async () => {
  expect(await retry({ signal, pause: 1 }, failing(3))).toBe(4);
  expect(await retry({ signal: null, pause: 1e9 }, () => Promise.resolve(undefined))).toBeUndefined();
});

test('when the tries are used up, the last failure is thrown', async () => {
  await expect(retry({ signal, pause: 1, looks: 3 }, failing(9))).rejects.toThrow('failure 3');
});

test('when the time is over it tries once more, and then the last failure is thrown', async () => {
  let now = 0;
  const act = failing(9);
  const clock = (): number => (now += 40);
  await expect(retry({ signal: null, pause: 1, limit: 100, clock }, act)).rejects.toThrow('failure 3');
  expect(act).toHaveBeenCalledTimes(3);
});

test('a failure after which no other try helps is thrown at once', async () => {
  const act = failing(9);
  const helps = (failure: unknown): boolean => (failure as Error).message !== 'failure 2';
  await expect(retry({ signal, pause: 1, helps }, act)).rejects.toThrow('failure 2');
  expect(act).toHaveBeenCalledTimes(2);
});

test('an aborted signal ends the pause before the next try', async () => {
  const controller = new AbortController();
  const waiting = retry({ signal: controller.signal, pause: 1e9 }, failing(1));
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});
