import { compare } from './folder';

/** The number with which a name begins: `001_`, `20261130_`, `1.2.3_`, `V1_2__`. */
const FIRST = /^(\d+(?:\.\d+)*)/;
/** The same with the further parts of a date: `2026_11_30_101500_`, `2026-11-30-`; but of `001_2fa_` only `001`. */
const WHOLE = /^(\d+(?:\.\d+|[-_]\d+(?![\p{L}\d]))*)/u;
const FLYWAY = /^v(\d+(?:[._]\d+)*)__/i;

/** Finds pairs whose names sort otherwise than their numbers: `V10__b` before `V9__a`. */
export function sortedWrongly(names: string[]): string[] {
  const found: string[] = [];
  for (const [index, name] of names.entries()) {
    const previous = names[index - 1];
    if (previous === undefined || compareNumbers(numberOf(previous, FIRST), numberOf(name, FIRST)) <= 0) continue;
    found.push(`${previous} sorts before ${name}; pad the numbers with zeros to the same length`);
  }
  return found;
}

/**
 * Finds what two branches that were merged leave behind: files with one number, and pending ones with a smaller number
 * than an applied one. Both are applied all the same, in the order of their names.
 */
export function mergedOutOfOrder(pending: string[], applied: string[]): string[] {
  const found: string[] = [];
  const numbered = applied.filter(isNumbered);
  const newest = numbered.reduce((a, b) => (compareNumbers(numberOf(a), numberOf(b)) < 0 ? b : a), numbered[0] ?? '');
  for (const name of pending) {
    const number = numberOf(name);
    const twin = [...applied, ...pending].find(
      (other) =>
        other !== name && same(number, numberOf(other)) && (applied.includes(other) || compare(other, name) < 0),
    );
    if (twin !== undefined) found.push(`${name} has the same number as ${twin}; give it the next free one`);
    else if (compareNumbers(number, numberOf(newest)) < 0) {
      found.push(`${name} has a smaller number than ${newest}, which is applied; give it the next free one`);
    }
  }
  return found;
}

type Numbers = bigint[] | undefined;

function numberOf(name: string, plain = WHOLE): Numbers {
  const [, digits] = FLYWAY.exec(name) ?? plain.exec(name) ?? [];
  return digits?.split(/[-._]/).map(BigInt);
}

function isNumbered(name: string): boolean {
  return numberOf(name) !== undefined;
}

function same(a: Numbers, b: Numbers): boolean {
  return a !== undefined && b !== undefined && compareNumbers(a, b) === 0;
}

/** Names without a number have no order of this kind: 0. */
function compareNumbers(a: Numbers, b: Numbers): number {
  if (!a || !b) return 0;
  for (let part = 0; part < Math.max(a.length, b.length); part++) {
    const [one, other] = [a[part] ?? 0n, b[part] ?? 0n];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
