import { until, type Patience } from './until';

interface Tries extends Patience {
  /** Whether another try may end better after such a failure; absent: it always may. */
  helps?: (failure: unknown) => boolean;
}

/**
 * Does something again while it fails, as patiently as `until` looks.
 *
 * @throws the last failure when the time or the tries are used up, or when no other try helps; an AbortError when the
 * signal is aborted
 */
export async function retry<T>({ helps = () => true, ...patience }: Tries, act: () => Promise<T>): Promise<T> {
  let last: unknown;
  const done = await until(patience, async () => {
    try {
      return { answer: await act() };
    } catch (failure) {
      if (!helps(failure)) throw failure;
      last = failure;
    }
  });
  if (done) return done.answer;
  throw last;
}
