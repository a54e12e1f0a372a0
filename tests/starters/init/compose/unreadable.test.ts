import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerInit } from '../../../../starters/init';
import { registerValidate } from '../../../../starters/validate';
import { command } from '../../../support/in-process';

const home = process.cwd();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-compose-'));
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(home);
  rmSync(directory, { recursive: true, force: true });
});

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');
const right = 'services: {web: {image: acme/web, ports: ["80:80"]}}\n';

test('one hundred merge keys are no mistake, as little as a BOM or several documents [proves 11]', async () => {
  const services = lines(100, (index) => `  s${index}: {<<: *base, ports: ["${3000 + index}:80"]}`);
  const base = 'x-base: &base {image: acme/web, restart: always, environment: {A: 1, B: [x]}}\n';
  writeFileSync('compose.yaml', `\ufeff${base}services:\n${services}\n---\n${right}`);
  expect(await command(registerInit, 'init')).toMatchObject({ exitCode: 0 });
});

const WRONG: [title: string, content: string | Buffer, seen: string][] = [
  ['in UTF-16', Buffer.from(`\ufeff${right}`, 'utf16le'), 'seen a file in UTF-16'],
  ['in Latin-1', Buffer.from('services: {web: {image: "ä"}}', 'latin1'), 'not in UTF-8'],
  ['that is a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]), 'seen a binary file'],
  ['of 10 MB', `${right}#${'x'.repeat(10_000_000)}`, 'seen a file of more than 4 MiB'],
  ['with too many levels', `a: ${'['.repeat(100_000)}`, 'seen more than 1000 levels of brackets'],
  [
    'with braces at the beginning of a text',
    'services:\n  web:\n    command: {version} serve\n',
    'compose.yaml:3 not valid YAML: Unexpected scalar at node end; write "{version} serve" in quotes',
  ],
  ['with many levels', `x: ${'['.repeat(300)}${']'.repeat(300)}\n${right}`, 'expected at most 200 levels'],
  ['with an alias that holds itself', `x: &a {b: *a}\n${right}`, 'does an alias hold itself?'],
  [
    'with aliases that multiply',
    `x0: &x0 [1, 1, 1, 1]\n${lines(20, (at) => `x${at + 1}: &x${at + 1} [*x${at}, *x${at}, *x${at}]`)}\n${right}`,
    'expected at most 100000 values',
  ],
  ['with a tab', 'services:\n\tweb: {image: a}\n', 'not valid YAML'],
  ['with a key twice', 'services:\n  web: {image: a}\n  web: {image: b}\n', 'the key "web" stands twice'],
  ['with an open bracket', 'services: {', 'not valid YAML'],
  [
    'with a text in braces',
    'services: {web: {image: a:{version}, read_only: true}}\n',
    'write "a:{version}" in quotes, since YAML takes the {…} in it for a mapping',
  ],
  [
    'with a wrong variable',
    'services:\n  web:\n    image: "${1}"\n',
    'compose.yaml:3 services.web.image: expected a variable',
  ],
  [
    'with variables in variables without end',
    `services: {web: {image: "${'${A:-'.repeat(900)}${'}'.repeat(900)}"}}\n`,
    'expected a variable',
  ],
  ['whose services are nothing', 'services:\n', 'seen nothing'],
  ['whose services are a list', 'services: [web]\n', 'seen a list'],
  ['whose service is a word', 'services: {web: nginx}\n', 'services.web: expected a mapping'],
  ['that is empty', '', 'seen none'],
  ['of version 1', 'web: {image: a}\n', 'seen only web in'],
  ['that merges a word', 'services: {web: {<<: word, image: a}}\n', 'after `<<`'],
];

test.each(WRONG)('a Compose file %s is one clear mistake [proves 11]', async (_, content, seen) => {
  writeFileSync('compose.yaml', content);
  const said = await command(registerInit, 'init');
  expect(said).toMatchObject({ exitCode: 64, stdout: '' });
  expect(said.stderr).toContain('compose.yaml');
  expect(said.stderr).toContain(seen);
  expect(said.stderr.trim()).not.toContain('\n');
  const inJson = await command(registerInit, 'init', '--json');
  expect(inJson.exitCode).toBe(64);
  expect((JSON.parse(inJson.stdout) as { error: { message: string } }).error.message).toContain(seen);
});

test.each([
  ['a folder', () => mkdirSync('compose.yaml'), ['init'], 'compose.yaml, seen a folder'],
  ['no file', () => undefined, ['init', '--compose', 'none.yml'], 'none.yml, seen no such file'],
  ['no .env', () => writeFileSync('compose.yaml', right), ['init', '--env-file', 'x'], 'at x, seen no such file'],
  [
    'a wrong .env',
    () => {
      writeFileSync('compose.yaml', right);
      writeFileSync('.env', 'A=1\nB="hunter2');
    },
    ['init'],
    '.env:2 expected " at the end of the value of B',
  ],
  [
    'a key of several lines without quotes',
    () => {
      writeFileSync('compose.yaml', right);
      writeFileSync('.env', 'KEY=-----BEGIN KEY-----\nhunter2/hunter2+hunter2==\n-----END KEY-----\n');
    },
    ['init'],
    '.env:2 expected a line NAME=value, seen something else; a value of several lines needs quotes',
  ],
  [
    'a password with an open brace',
    () => writeFileSync('compose.yaml', `${right}x: {DB_PASSWORD: "\${hunter2"}\n`),
    ['init'],
    'compose.yaml:2 x.DB_PASSWORD: expected ${NAME} in a value',
  ],
  [
    'a name that no app can have',
    () => writeFileSync('compose.yaml', right),
    ['init', '--app', 'My Shop'],
    '--app: expected 2 to 40 lower-case letters, digits and dashes that start with a letter, seen "My Shop"; try --app my-shop',
  ],
])('%s is told with its place, and no secret in it [proves 11]', async (_, make, args, seen) => {
  make();
  const said = await command(registerInit, ...args);
  expect(said).toMatchObject({ exitCode: 64, stdout: '' });
  expect(said.stderr).toContain(seen);
  expect(said.stderr).not.toContain('hunter2');
});

const CONFIGURATION = 'version: 1\napp: shop\nservices:\n  web:\n    port: 80\n';

test.each([
  ['in UTF-16', Buffer.from(CONFIGURATION, 'utf16le'), 'UTF-16|binary'],
  ['of 10 MB', `${CONFIGURATION}#${'x'.repeat(10_000_000)}`, 'seen a file of more than 4 MiB'],
  ['with too many levels', `a: ${'['.repeat(100_000)}`, 'seen more than 1000 levels of brackets'],
  ['with a text in braces', `${CONFIGURATION}    image: {version}\n`, 'write it in quotes'],
  [
    'with braces in braces',
    `${CONFIGURATION}  api: {image: acme/api:{version}, port: 81}\n`,
    'write "acme/api:{version}" in quotes, since YAML takes the {…} in it for a mapping',
  ],
])('a spillway.yaml %s is explained in a line [proves 11]', async (_, content, seen) => {
  writeFileSync('spillway.yaml', content);
  const said = await command(registerValidate, 'validate');
  expect(said.exitCode).toBe(64);
  expect(said.stdout + said.stderr).toMatch(new RegExp(seen));
});

test('a comment in another encoding does no harm to a spillway.yaml', async () => {
  writeFileSync('spillway.yaml', Buffer.from(`# für\n${CONFIGURATION}    image: acme/web:{version}\n`, 'latin1'));
  expect(await command(registerValidate, 'validate')).toMatchObject({ exitCode: 0 });
});
