import { STANDARD_LIMITS, STANDARD_SILENCE, type WireLimits } from '../../domain/router';
import { fragmentOf, serviceOf, type Entry, type Fragment, type HostRouting } from './fragments';

/** A process has one set of limits, so the largest of those who share it win. */
export function limitsOf(fragments: Pick<Fragment<unknown>, 'limits'>[]): WireLimits {
  const all = fragments.map(({ limits }) => limits ?? STANDARD_LIMITS);
  const largest = (key: keyof WireLimits): number =>
    all.length > 0 ? Math.max(...all.map((one) => one[key])) : STANDARD_LIMITS[key];
  return { requestHead: largest('requestHead'), answerHead: largest('answerHead'), headers: largest('headers') };
}

/** Milliseconds. */
export function silenceOf({ silence = STANDARD_SILENCE }: Pick<HostRouting['services'][number], 'silence'>): number {
  return silence;
}

/** Milliseconds: the side of the clients serves all services of a port, so it bears the longest silence of them. */
export function longestSilence(entries: Entry[], fragments: Fragment<unknown>[]): number {
  return Math.max(...entries.map((entry) => silenceOf(serviceOf(entry, fragmentOf(entry, fragments)))));
}
