import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = join(__dirname, '..');
const PAGE = readFileSync(join(TESTS, '../docs/requirements.md'), 'utf8');
const ROW = /^\| (\S+) +\| .+ \| `([\w/-]+)` +\|$/gm;
const TAG = /\[proves (\w+(?:, \w+)*)\]['`]/g;
/** It has made-up tags. */
const ABOUT_TAGS = 'scripts/proof.test.ts';

const rows = [...PAGE.matchAll(ROW)].map(([, code = '', file = '']) => ({ code, file }));

/** Codes in the titles of a file, or of a table of cases. */
function codesIn(file: string): string[] {
  return [...readFileSync(join(TESTS, file), 'utf8').matchAll(TAG)].flatMap(([, codes = '']) => codes.split(', '));
}

const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && file !== ABOUT_TAGS,
);

test('each code in the title of a test is explained once in docs/requirements.md', () => {
  const told = rows.map(({ code }) => code);
  expect(new Set(told).size).toBe(told.length);
  expect([...new Set(files.flatMap(codesIn))].filter((code) => !told.includes(code))).toEqual([]);
});

test.each(rows)('the test file that docs/requirements.md names for $code proves it', ({ code, file }) => {
  const titled = files.filter((name) => codesIn(name).includes(code)).map((name) => name.replace(/(\.test)?\.ts$/, ''));
  expect(titled).toContain(file);
});

test('a code stands at the end of a title and nowhere else', () => {
  const before = files.filter((file) =>
    /\b(?:test|it|describe)\(\s*['`][A-Z]\d{1,2}: /.test(readFileSync(join(TESTS, file), 'utf8')),
  );
  expect(before).toEqual([]);
});
