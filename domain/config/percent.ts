import { z } from 'zod';
import { shown } from './values';

const TEXT = /^\d+(\.\d+)?%$/;

interface PercentOptions {
  least?: number;
  /** True when the value must be greater than `least`. */
  isAbove?: boolean;
  most?: number;
  /** True for scores, where 1 more likely means 100 % than 1 %. */
  isOfAll?: boolean;
}

/**
 * Reads per cent from a number or a text such as `0.5%`. The number 0.95 is refused, as it may mean 95 % or below 1 %.
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
        // It continues with the likely meaning, so that only one mistake is told.
        return asPercent(given);
      }
      if (value < least || value > most || (isAbove && value === least)) context.addIssue(wrong(given));
      return value;
    });
}

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
