import type { Piece } from './text';

/** Answers undefined for a variable without a value. */
export type Lookup = (name: string) => { text: string; origin: 'file' | 'shell' } | undefined;

const DEEPEST = 50;

export class TemplateMistake extends Error {
  constructor(readonly seen: string) {
    super(
      `expected a variable such as \${NAME} or \${NAME:-other}, seen "${seen.slice(0, 60)}"; write $$ for a dollar`,
    );
  }
}

/** Is said where the value may be a secret, which is not shown. */
export const HIDDEN_MISTAKE = 'expected ${NAME} in a value, seen a $ with something else; write $$ for a dollar';

/**
 * Fills in variables as Compose does: `$NAME`, `${NAME}`, and with `:-`, `-`, `:?`, `?`, `:+` or `+` and a text that may
 * hold variables again. `$$` is a dollar, as is one that nothing of this follows.
 * @throws TemplateMistake
 */
export function fill(template: string, lookup: Lookup, depth = 0): Piece[] {
  if (depth > DEEPEST) throw new TemplateMistake(template);
  const pieces: Piece[] = [];
  let rest = template;
  while (rest !== '') {
    const { taken, made } = next(rest, lookup, depth);
    pieces.push(...made);
    rest = rest.slice(taken);
  }
  return joined(pieces);
}

function next(rest: string, lookup: Lookup, depth: number): { taken: number; made: Piece[] } {
  const plain = /^(?:[^$]|\$(?![$_a-z{]))+/i.exec(rest)?.[0];
  if (plain !== undefined) return { taken: plain.length, made: [{ text: plain }] };
  if (rest.startsWith('$$')) return { taken: 2, made: [{ text: '$' }] };
  const bare = /^\$([_a-z]\w*)/i.exec(rest);
  if (bare) return { taken: bare[0].length, made: [valueOf(bare[1]!, lookup)] };
  const end = closing(rest);
  if (end === undefined) throw new TemplateMistake(rest);
  return { taken: end + 1, made: braced(rest.slice(0, end + 1), lookup, depth + 1) };
}

// Braces in the text after the operator belong to it as long as they come in pairs, as in `${A:-{"b": 1}}`.
function closing(text: string): number | undefined {
  let depth = 0;
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  const last = text.lastIndexOf('}');
  return last > 0 ? last : undefined;
}

function braced(seen: string, lookup: Lookup, depth: number): Piece[] {
  const [, name, operator, other = ''] = /^\$\{([_a-z]\w*)(?:(:?[-?+])([^]*))?\}$/i.exec(seen) ?? [];
  if (name === undefined) throw new TemplateMistake(seen);
  const value = lookup(name);
  const hasValue = value !== undefined && (value.text !== '' || operator?.startsWith(':') !== true);
  const kind = operator?.at(-1);
  if (kind === '+') return hasValue ? fill(other, lookup, depth) : [{ text: '', variable: name, origin: 'default' }];
  if (kind === '-' && !hasValue) return fallback(name, fill(other, lookup, depth));
  if (kind === '?' && !hasValue) return [{ text: '', variable: name, origin: 'nowhere' }];
  return [valueOf(name, lookup)];
}

function fallback(variable: string, pieces: Piece[]): Piece[] {
  const named = pieces.length === 0 ? [{ text: '' }] : pieces;
  return named.map((piece) => (piece.variable === undefined ? { ...piece, variable, origin: 'default' } : piece));
}

function valueOf(variable: string, lookup: Lookup): Piece {
  const value = lookup(variable);
  return value ? { ...value, variable } : { text: '', variable, origin: 'nowhere' };
}

function joined(pieces: Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const before = all.at(-1);
    if (before && before.variable === undefined && piece.variable === undefined)
      all[all.length - 1] = { text: before.text + piece.text };
    else all.push(piece);
  }
  return all;
}
