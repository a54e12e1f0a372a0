import type { Importance } from '../questions';

/** What becomes of a key of the Compose specification. */
export type Treatment =
  /** Spillway has a counterpart, or what reads the key asks for itself. */
  | { fate: 'carried' }
  /** Spillway does it in its own way, which is said in one line for all such keys. */
  | { fate: 'own' }
  | {
      /** `ask`: it goes on without. `cannot`: what the service needs is nowhere in Spillway. */
      fate: 'ask' | 'cannot';
      text: string;
      importance: Importance;
      /** True for a value that changes nothing. */
      unless?: (value: unknown) => boolean;
      /** Such a value is done by Spillway in its own way. */
      elseOwn?: true;
    };

type Unless = (value: unknown) => boolean;

export const carried: Treatment = { fate: 'carried' };
export const own: Treatment = { fate: 'own' };

export function know(text: string, unless?: Unless): Treatment {
  return { fate: 'ask', text, importance: 'know', ...(unless && { unless }) };
}

export function decide(text: string, unless?: Unless): Treatment {
  return { fate: 'ask', text, importance: 'decide', ...(unless && { unless }) };
}

export function cannot(text: string, unless?: Unless): Treatment {
  return { fate: 'cannot', text, importance: 'decide', ...(unless && { unless }) };
}

/** Asks about unusual values; the usual ones are done by Spillway in its own way. */
export function ownUnless(isUsual: Unless, text: string): Treatment {
  return { fate: 'ask', text, importance: 'decide', unless: isUsual, elseOwn: true };
}

export function isOff(value: unknown): boolean {
  return value === null || value === false || /^(false|no|off|0|)$/i.test(String(value));
}

export function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
}
