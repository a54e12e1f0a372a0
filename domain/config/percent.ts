import { z } from 'zod';
import { shown } from './values';

/* Per cent. Whoever writes 0.95 may mean 95 % or less than one: nobody can tell, so it is asked. */

const TEXT = /^\d+(\.\d+)?%$/;

export interface PercentOptions {
  /** The least that makes sense; 0 by default. */
  least?: number;
  /** Whether `least` itself makes none. */
  isAbove?: boolean;
  /** The most that makes sense; 100 by default. */
  most?: number;
  /** Whether 1 is more likely to mean all than a hundredth, too, as in a score. */
  isOfAll?: boolean;
}

/**
 * Per cent as a number such as 95, or as text with its sign such as `0.5%`, which a number below 1 needs. It becomes a
 * number of per cent.
 */
export function percent({ least = 0, isAbove = false, most = 100, isOfAll = false }: PercentOptions = {}) {
  const range = `per cent ${isAbove ? 'above' : 'from'} ${least}${isAbove ? ', at most' : ' to'} ${most}`;
  const wrong = (input: unknown): string => `expected ${range}, such as 5 or "0.5%", seen ${shown(input)}`;
  return z
    .union([z.number(), z.string().regex(TEXT, { error: ({ input }) => wrong(input) })], {
      error: ({ input }) => wrong(input),
    })
    .meta({ title: 'per cent' })
    .transform((given, context) => {
      const value = typeof given === 'number' ? given : Number(given.slice(0, -1));
      const isPart = typeof given === 'number' && given > 0 && (isOfAll ? given <= 1 : given < 1);
      if (isPart) {
        context.addIssue(partText(given));
        // What was meant, so that it is told once.
        return asPercent(given);
      }
      if (value < least || value > most || (isAbove && value === least)) context.addIssue(wrong(given));
      return value;
    });
}

/** A whole per cent of the traffic, from 1 to 100. */
export function share() {
  const wrong = (input: unknown): string => {
    const expected = `expected a whole per cent from 1 to 100, seen ${shown(input)}`;
    return typeof input === 'number' && input > 0 && input < 1 ? `${expected}: write ${asPercent(input)}` : expected;
  };
  return z
    .union([z.int().min(1).max(100), z.string().regex(/^([1-9]\d?|100)%$/, { error: ({ input }) => wrong(input) })], {
      error: ({ input }) => wrong(input),
    })
    .meta({ title: 'per cent' })
    .transform((given) => (typeof given === 'number' ? given : Number(given.slice(0, -1))));
}

function partText(given: number): string {
  return `expected per cent, seen the number ${given}: write ${asPercent(given)}, or "${given}%" if you mean so little`;
}

function asPercent(part: number): number {
  return Number((100 * part).toPrecision(12));
}
