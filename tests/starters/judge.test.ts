import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerJudge } from '../../starters/judge';
import { command } from '../support/in-process';

const directory = mkdtempSync(join(tmpdir(), 'spillway-judge-'));
const file = join(directory, 'measured.json');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const errors = (canary: number) => ({
  metrics: [{ name: 'errors', counts: { baseline: { bad: 10, total: 1_000 }, canary: { bad: canary, total: 1_000 } } }],
});
function judged(content: unknown, ...more: string[]) {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return command(registerJudge, 'judge', file, ...more);
}

test.each([
  [10, 'pass', 0],
  [90, 'fail', 1],
])('with %d bad requests it says %s and ends with %d', async (bad, verdict, exitCode) => {
  const said = await judged(errors(bad), '--json');
  expect(JSON.parse(said.stdout)).toMatchObject({ verdict, metrics: [{ name: 'errors', critical: false }] });
  expect(said).toMatchObject({ exitCode, stderr: '' });
});

test('people read a line for each metric, and the verdict last', async () => {
  const { stdout } = await judged(errors(90));
  expect(stdout).toMatch(/high +errors +default +90 of 1000 \(9 %\) of the canary/);
  expect(stdout).toMatch(/\nfail with a score of 0 \(score 0: errors \(high\); 75 is marginal\)\n$/);
});

test('all mistakes are told, each with its path, and it ends with 64', async () => {
  const said = await judged({ metrics: [{ name: 'm', canary: ['1', 2, '3'] }], thresholds: { pass: 5 } }, '--json');
  expect(said.exitCode).toBe(64);
  const { error } = JSON.parse(said.stdout) as { error: { message: string } };
  expect(error.message.split('\n')).toEqual([
    `${file} metrics[0].canary[0]: expected a number, or null where it is missing, seen "1"`,
    `${file} metrics[0].canary[2]: expected a number, or null where it is missing, seen "3"`,
    `${file} thresholds.marginal: expected at most pass, which is 5, seen the number 75`,
  ]);
});

test('of very many mistakes the first are told', async () => {
  const { stderr } = await judged({ metrics: [{ name: 'm', baseline: [], canary: new Array<string>(500).fill('x') }] });
  expect(stderr).toContain('… and 450 more mistakes');
});

test.each([
  ['', /expected JSON in .*measured.json, seen: nothing/],
  ['{"metrics": [NaN]}', /expected JSON in .*measured.json, seen: .*JSON/],
])('what is no JSON (%j) ends with 64', async (content, says) => {
  const said = await judged(content);
  expect(said.exitCode).toBe(64);
  expect(said.stderr).toMatch(says);
});

test('a file that is not there ends with 64', async () => {
  const said = await command(registerJudge, 'judge', join(directory, 'none.json'));
  expect(said.exitCode).toBe(64);
  expect(said.stderr).toMatch(/expected saved measurements at .*, seen no such file; name a file/);
});

test('it reads standard input', () => {
  const root = join(__dirname, '../..');
  const argv = [
    '-r',
    join(root, 'tests/support/typescript.js'),
    join(root, 'starters/spillway.ts'),
    'judge',
    '-',
    '--json',
  ];
  const said = spawnSync(process.execPath, argv, { input: JSON.stringify(errors(90)), encoding: 'utf8' });
  expect(JSON.parse(said.stdout)).toMatchObject({ verdict: 'fail', score: 0 });
  expect(said.status).toBe(1);
});
