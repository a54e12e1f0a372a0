import type { Given, Mistake } from './uri';

const MISTAKE: Mistake = {
  mistake:
    'expected it as KEYWORD=VALUE KEYWORD=VALUE …, seen a word without "=" or a quote without its end: put a value with spaces into \'…\', ' +
    "and write \\' and \\\\ in it",
};

/** Reads `host=db dbname='a b'`, as libpq does. */
export function readWords(text: string): Given | Mistake {
  const found: Given = [];
  // A backslash takes the next character as it is, within quotes and without.
  const pair =
    /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\[^])*)'(?=\s|$)|((?:[^\s'\\]|\\[^])(?:[^\s\\]|\\[^])*)|(?=\s|$))\s*/y;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (!match) return MISTAKE;
    found.push([match[1]!, (match[2] ?? match[3] ?? '').replace(/\\([^])/g, '$1')]);
  }
  return found;
}

/** Writes what `readWords` reads. */
export function writeWords(given: Given): string {
  return given.map(([keyword, value]) => `${keyword}='${value.replace(/['\\]/g, '\\$&')}'`).join(' ');
}
