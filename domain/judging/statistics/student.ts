import { betaBelow } from './proportion';

/** Uses the incomplete beta function (DLMF 8.17.22); `degrees` of freedom need not be whole. */
export function studentTail(t: number, degrees: number): number {
  const tail = betaBelow(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t < 0 ? 1 - tail : tail;
}
