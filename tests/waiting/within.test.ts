import { getEventListeners } from 'node:events';
import { TimeUp, within } from '../../waiting/within';

const never = (): Promise<never> => new Promise(() => undefined);

test('what ends in time is answered, and nothing stays behind on the signal', async () => {
  const { signal } = new AbortController();
  for (let call = 0; call < 20; call += 1)
    expect(await within({ signal, limit: 1_000 }, () => Promise.resolve(call))).toBe(call);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('what does not end is given up at the limit, and told so', async () => {
  let inner: AbortSignal | undefined;
  const late = within({ signal: new AbortController().signal, limit: 50 }, (signal) => {
    inner = signal;
    return never();
  });
  await expect(late).rejects.toBeInstanceOf(TimeUp);
  expect(new TimeUp(90_000).message).toBe('no answer within 1 min 30 s');
  expect(inner!.aborted).toBe(true);
});

test('an aborted signal ends it with the signal’s own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled');
  const stopped = within({ signal: controller.signal, limit: null }, never);
  controller.abort(reason);
  await expect(stopped).rejects.toBe(reason);
  await expect(within({ signal: controller.signal, limit: null }, () => Promise.resolve(1))).rejects.toBe(reason);
});
