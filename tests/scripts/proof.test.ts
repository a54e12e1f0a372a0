import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
let project: string;

/** Put together here, so that this file proves nothing by its text. */
const tag = (ids: string): string => `[${'proves'} ${ids}]`;

/** A project with tests of its own, the real scripts, and the real runner. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'spillway-proof-'));
  for (const folder of ['scripts', 'tests/part']) mkdirSync(join(project, folder), { recursive: true });
  for (const script of ['proof.sh', 'test.sh'])
    copyFileSync(join(ROOT, 'scripts', script), join(project, 'scripts', script));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  write('package.json', JSON.stringify({ name: 'proved', scripts: { build: 'true' } }));
  write(
    'jest.config.js',
    "module.exports = { testMatch: ['<rootDir>/tests/**/*.test.ts'], transform: { '^.+\\\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' } } }] } };",
  );
  write(
    'tests/part/good.test.ts',
    `test('one thing ${tag('E')}', () => undefined);
     test('two things ${tag('D9, E')}', () => undefined);
     test('another thing ${tag('EE')}', () => { throw new Error('not asked for'); });
     test('a thing that is only told of: ${tag('7')} is in the middle', () => undefined);
     test('nothing in particular', () => { throw new Error('not asked for'); });`,
  );
  write('tests/part/bad.test.ts', `test('a thing that is not so ${tag('12, D9')}', () => expect(1).toBe(2));`);
  write('tests/broken.test.ts', "throw new Error('must not be loaded');");
  write('tests/part/cases.ts', `export const CASES = ['a case ${tag('C')}', 'another ${tag('C')}', 'one without'];`);
  write(
    'tests/part/table.test.ts',
    "import { CASES } from './cases';\ntest.each(CASES)('of a table: %s', () => undefined);",
  );
});

afterAll(() => rmSync(project, { recursive: true }));

function write(name: string, content: string): void {
  writeFileSync(join(project, name), content);
}

function proof(...args: string[]): { code: number | null; said: string[]; complaint: string } {
  const env = { ...process.env, SPILLWAY_SKIP_SETUP: '1' };
  const { status, stdout, stderr } = spawnSync(join(project, 'scripts/proof.sh'), args, { env, encoding: 'utf8' });
  return { code: status, said: stdout.trim().split('\n'), complaint: stderr };
}

test('without an ID it lists what is proved, with the number of titles of each', () => {
  const { code, said } = proof();
  expect(said).toEqual(['7: 1', '12: 1', 'C: 2', 'D9: 2', 'E: 2', 'EE: 1']);
  expect(code).toBe(0);
});

test('it runs the tests of an ID, no others, loads no other file, and says how many ran', () => {
  const { code, said } = proof('E');
  expect(said.at(-1)).toBe('E: 2 tests ran, 2 passed, 0 failed');
  expect(code).toBe(0);
}, 300_000);

test('it fails when one of the tests fails, wherever in its tag the ID stands', () => {
  const { code, said } = proof('D9');
  expect(said.at(-1)).toBe('D9: 2 tests ran, 1 passed, 1 failed');
  expect(code).toBe(1);
}, 300_000);

test('it runs the cases of a table that stands in a file of its own', () => {
  expect(proof('C')).toMatchObject({
    code: 0,
    said: expect.arrayContaining(['C: 2 tests ran, 2 passed, 0 failed']) as string[],
  });
}, 300_000);

test('it fails in plain words when nothing proves an ID, when nothing ran, and when that is no ID', () => {
  expect(proof('R1')).toMatchObject({
    code: 1,
    complaint: `expected a test whose title ends in ${tag('R1')}, seen none: npm run proof lists what is proved\n`,
  });
  const none = proof('7');
  expect(none.code).toBe(1);
  expect(none.said.at(-1)).toBe('7: 0 tests ran, 0 passed, 0 failed');
  expect(none.complaint).toContain(`expected a test whose title ends in ${tag('7')} to run, seen none`);
  expect(proof('.*')).toMatchObject({
    code: 64,
    complaint: expect.stringContaining('expected one ID such as E or D9, seen ".*"') as string,
  });
}, 300_000);
