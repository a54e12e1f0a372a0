import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerWindow } from '../../starters/window';
import { command } from '../support/in-process';

const directory = mkdtempSync(join(tmpdir(), 'spillway-window-'));
const file = join(directory, 'windows.json');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const question = {
  timezone: 'Europe/Berlin',
  at: '2026-12-23T17:00:00+01:00',
  allow: [{ days: [1, 2, 3, 4], from: '09:00', to: '16:00' }],
  deny: [{ from: '2026-12-24', to: '2027-01-07' }],
};
function asked(content: unknown, ...more: string[]) {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return command(registerWindow, 'window', 'next', file, ...more);
}

test('the next window after a freeze is told, with its end', async () => {
  const { stdout, exitCode } = await asked(question, '--json');
  expect(JSON.parse(stdout)).toEqual({
    allowed: false,
    next: '2027-01-07T08:00:00.000Z',
    closes: '2027-01-07T15:00:00.000Z',
  });
  expect(exitCode).toBe(0);
});

test('people read a sentence', async () => {
  const { stdout } = await asked({ ...question, at: '2026-12-23T10:00:00Z' });
  expect(stdout).toBe('it is allowed, until 2026-12-23T15:00:00.000Z\n');
});

test('it reads standard input, through the program itself', () => {
  const spillway = join(__dirname, '../../dist/starters/spillway.js');
  const input = JSON.stringify({ timezone: 'UTC', at: '2026-12-02T10:00:00Z' });
  const { stdout } = spawnSync('node', [spillway, 'window', 'next', '--json', '-'], { input, encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual({ allowed: true, next: '2026-12-02T10:00:00.000Z', closes: null });
});

const allow = (window: object) => ({ ...question, allow: [{ ...question.allow[0], ...window }] });

test.each(['[]', 'null', '"never"'])('%s is no question, and ends with 64', async (content) => {
  expect(await asked(content)).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('expected a mapping') });
});

test.each([
  [
    'timezone',
    { ...question, timezone: 'Europe/Berlinn' },
    'expected a zone of the IANA database, such as "Europe/Berlin" or "UTC", seen "Europe/Berlinn"',
  ],
  ['timezone', { ...question, timezone: '+02:00' }, 'seen "+02:00"'],
  ['at', { ...question, at: '2026-12-24' }, 'expected a moment such as 2026-12-24T18:00:00+01:00, seen "2026-12-24"'],
  ['at', { ...question, at: undefined }, 'seen nothing'],
  ['allow[0].days[0]', allow({ days: [0] }), 'expected a day from 1 (Monday) to 7 (Sunday), seen the number 0'],
  ['allow[0].days', allow({ days: [] }), 'expected at least 1 in the list, seen none'],
  ['allow[0].from', allow({ from: '24:00' }), 'expected a time before "24:00"'],
  [
    'allow[0].to',
    allow({ to: '9:00' }),
    'expected a time such as "08:30", in quotes, from "00:00" to "24:00", seen "9:00"',
  ],
  ['allow[0].day', allow({ day: [1] }), 'unknown key, did you mean "days"?'],
  ['deny[0].to', { ...question, deny: [{ from: '2026-12-24', to: '2026-12-20' }] }, 'expected a time after `from`'],
  ['deny[0].from', { ...question, deny: [{ from: '2026-02-30', to: '2026-12-20' }] }, 'expected a date such as'],
  ['deny[0]', { ...question, deny: [null] }, 'expected a mapping, seen nothing'],
  ['deny', { ...question, deny: 'never' }, 'expected a list, seen "never"'],
  ['zone', { ...question, zone: 'UTC' }, 'unknown key, expected one of timezone, at, allow, deny'],
])('a mistake in %s is told with its path, and ends with 64', async (path, content, message) => {
  const { stderr, exitCode } = await asked(content);
  expect(stderr).toContain(`${file} ${path}: `);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(64);
});
