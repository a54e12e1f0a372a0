import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface Wait<Seen> {
  /** What is waited for, in words; default: the look itself. */
  what?: string;
  /** Whether it is so; default: whether anything was seen. */
  is?: (seen: Seen) => boolean;
  /** When it hangs, in ms: no judgement of how fast it should be. */
  limit?: number;
  /** Between two looks, in ms. */
  every?: number;
}

/**
 * Looks again and again until it is so, and answers what was seen then. A look that fails saw that failure.
 *
 * @throws after `limit`, with what it waited for and what it saw last.
 */
export async function until<Seen>(look: () => Seen | Promise<Seen>, wait: Wait<Seen> = {}): Promise<Seen> {
  const { what = String(look), is = Boolean, limit = 180_000, every = 50 } = wait;
  const deadline = Date.now() + limit;
  for (;;) {
    let last: unknown;
    try {
      const seen = await look();
      if (is(seen)) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`waited ${limit / 1_000} s in vain for ${what}; seen last: ${inspect(last, { depth: 6 })}`);
    await pause(every);
  }
}
