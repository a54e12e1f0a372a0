import { type Lookup, fill, HIDDEN_MISTAKE, TemplateMistake } from './template';

/** Says what is wrong in a line of a file of variables. */
export class DotenvMistake extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

interface Reading {
  text: string;
  at: number;
  variables: Map<string, string>;
  lookup: Lookup;
}

const BLANK = '[\\t\\v\\f\\r \\u0085\\u00a0]';

/**
 * Reads `NAME=value` lines as Compose does: `export`, comments, quotes over several lines, and variables, of this file
 * too, except in single quotes. A name alone takes its value from around.
 * @throws DotenvMistake
 */
export function parseDotenv(text: string, lookup: Lookup): Map<string, string> {
  const reading: Reading = { text: text.replace(/^\ufeff/, ''), at: 0, variables: new Map(), lookup };
  for (;;) {
    taken(reading, /(?:\s+|#[^\n]*)*/y);
    if (reading.at >= reading.text.length) break;
    readVariable(reading);
  }
  return reading.variables;
}

function readVariable(reading: Reading): void {
  const start = reading.at;
  taken(reading, new RegExp(`export${BLANK}+`, 'y'));
  const name = taken(reading, new RegExp(`(?:[\\p{L}\\p{N}_.\\-\\[\\]]|${BLANK})*`, 'yu')).trimEnd();
  const sign = reading.text[reading.at];
  const isNamed = name !== '' && !/\s/.test(name);
  if (!isNamed || (sign !== undefined && !/[=:\n]/.test(sign))) {
    // It may be the second line of a key, so it is not shown.
    throw mistakeAt(
      reading,
      start,
      'expected a line NAME=value, seen something else; a value of several lines needs quotes around it',
    );
  }
  reading.at += 1;
  if (sign === '=' || sign === ':') {
    taken(reading, new RegExp(`${BLANK}*`, 'y'));
    reading.variables.set(name, readValue(reading, name));
    return;
  }
  const inherited = reading.lookup(name);
  if (inherited) reading.variables.set(name, inherited.text);
}

function readValue(reading: Reading, name: string): string {
  const start = reading.at;
  const quote = reading.text[start];
  if (quote !== '"' && quote !== "'") {
    const line = taken(reading, /[^\n]*\n?/y).replace(/\n$/, '');
    return expanded(reading, line.split(' #', 1)[0]!.trimEnd(), start);
  }
  const quoted = taken(reading, quote === '"' ? /"(?:\\[^]|[^"\\])*"/y : /'(?:\\[^]|[^'\\])*'/y);
  if (quoted === '') throw mistakeAt(reading, start, `expected ${quote} at the end of the value of ${name}, seen none`);
  const inner = quoted.slice(1, -1).replaceAll(`\\${quote}`, quote);
  return quote === '"' ? expanded(reading, unescaped(inner), start) : inner;
}

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  $: '$$',
};

function unescaped(text: string): string {
  return text.replace(/\\(?:([abcfnrtv$"\\])|0(\d{3}))/g, (all, letter?: string, octal?: string) => {
    if (octal !== undefined) return /^[0-3][0-7]{2}$/.test(octal) ? String.fromCharCode(parseInt(octal, 8)) : all;
    return ESCAPES[letter!] ?? all;
  });
}

function expanded(reading: Reading, value: string, start: number): string {
  const lookup: Lookup = (name) => {
    const own = reading.variables.get(name);
    return reading.lookup(name) ?? (own === undefined ? undefined : { text: own, origin: 'file' });
  };
  try {
    return fill(value, lookup)
      .map(({ text }) => text)
      .join('');
  } catch (error) {
    if (error instanceof TemplateMistake) throw mistakeAt(reading, start, HIDDEN_MISTAKE);
    throw error;
  }
}

function taken(reading: Reading, pattern: RegExp): string {
  pattern.lastIndex = reading.at;
  const found = pattern.exec(reading.text)?.[0] ?? '';
  reading.at += found.length;
  return found;
}

function mistakeAt({ text }: Reading, at: number, message: string): DotenvMistake {
  return new DotenvMistake(text.slice(0, at).split('\n').length, message);
}
