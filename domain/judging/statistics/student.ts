import { betaBelow } from './proportion';

/**
 * Probability that a value with Student's distribution is greater than `t` (DLMF 8.17.22 by way of the beta function).
 * @param degrees of freedom, above 0; they need not be whole
 */
export function studentTail(t: number, degrees: number): number {
  const tail = betaBelow(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t < 0 ? 1 - tail : tail;
}
