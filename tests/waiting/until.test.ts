import { until } from '../../waiting/until';

const { signal } = new AbortController();
/** Answers undefined so many times, then how many looks were taken. */
function after(times: number) {
  let taken = 0;
  return () => Promise.resolve(++taken > times ? taken : undefined);
}

test('what is there at once is answered without a pause', async () => {
  expect(await until({ signal, pause: 1e9 }, after(0))).toBe(1);
});

test('it looks again after a pause, which may grow, until there is an answer', async () => {
  const pauses: number[] = [];
  const pause = (looks: number): number => (pauses.push(looks), looks);
  expect(await until({ signal, pause, limit: 60_000 }, after(3))).toBe(4);
  expect(pauses).toEqual([1, 2, 3]);
});

test('when the time is over it looks once more, and then there is no answer', async () => {
  let now = 0;
  const clock = (): number => now;
  const look = jest.fn(() => Promise.resolve((now += 40) && undefined));
  expect(await until({ signal, pause: 1, limit: 100, clock }, look)).toBeUndefined();
  expect(look).toHaveBeenCalledTimes(3);
});

test('it takes no more looks than allowed', async () => {
  const look = jest.fn(() => Promise.resolve(undefined));
  expect(await until({ signal, pause: 1, looks: 4 }, look)).toBeUndefined();
  expect(look).toHaveBeenCalledTimes(4);
});

test('an aborted signal ends the pause, and an error of a look ends the waiting', async () => {
  const controller = new AbortController();
  const waiting = until({ signal: controller.signal, pause: 1e9 }, after(1));
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await expect(until({ signal, pause: 1 }, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});
