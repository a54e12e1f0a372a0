import { ApplicationFailure } from '@temporalio/common';
import type { Command } from 'commander';
import { ConfigurationFailure, PreflightFailure, UnreachableFailure } from '../../domain/failures';
import { EXIT, reportOf, type ExitCode } from '../../starters/exit-codes';
import { coloursFor, JSON_OPTION, type Out, run } from '../../starters/output';
import { command } from '../support/in-process';

const registering = (body: (out: Out) => Promise<ExitCode | void>) => (program: Command) => {
  const options = program
    .command('do')
    .option(...JSON_OPTION)
    .requiredOption('--what <thing>');
  options.action((given: { json?: boolean }) => run(given, body));
};
const doing = (body: (out: Out) => Promise<ExitCode | void>, ...args: string[]) =>
  command(registering(body), 'do', '--what', 'x', ...args);

test('people read the result and lines on standard output, and notes beside it', async () => {
  const said = await doing(async (out) => {
    out.print('working');
    out.note('careful');
    out.result({ answer: 42 }, 'it is 42');
  });
  expect(said).toEqual({ stdout: 'working\nit is 42\n', stderr: 'careful\n', exitCode: 0 });
});

test('with --json exactly one document is on standard output and all else on standard error', async () => {
  const said = await doing(async (out) => {
    out.print('working');
    out.result({ answer: 42 }, 'it is 42');
    out.print('done');
    return EXIT.no;
  }, '--json');
  expect(said).toEqual({ stdout: '{\n  "answer": 42\n}\n', stderr: 'working\ndone\n', exitCode: 1 });
});

test('with --json a command without a result still answers one document', async () => {
  expect(JSON.parse((await doing(async () => EXIT.needsHand, '--json')).stdout)).toEqual({ exitCode: 2 });
});

test('with --json a failure is the one document, also after a result', async () => {
  const said = await doing(async (out) => {
    out.result({ answer: 42 });
    throw new UnreachableFailure('expected Temporal at 1.2.3.4, seen nothing; start it');
  }, '--json');
  expect(JSON.parse(said.stdout)).toEqual({
    error: {
      type: 'UnreachableFailure',
      message: 'expected Temporal at 1.2.3.4, seen nothing; start it',
      exitCode: 69,
    },
  });
  expect(said.exitCode).toBe(69);
});

test('a failure shows its message without a stack', async () => {
  const said = await doing(async () => {
    throw new ConfigurationFailure('expected this, seen that; do so');
  });
  expect(said).toEqual({ stdout: '', stderr: 'error: expected this, seen that; do so\n', exitCode: 64 });
});

test('a bug shows its stack and ends with 70', async () => {
  const said = await doing(async () => {
    throw new TypeError('undefined is not a function');
  });
  expect(said.exitCode).toBe(70);
  expect(said.stderr).toMatch(/TypeError: undefined is not a function\n +at .*\n[^]*report/);
});

test.each([
  ['an unknown command', ['explode'], "unknown command 'explode'"],
  ['an unknown option', ['do', '--what', 'x', '--how'], "unknown option '--how'"],
  ['a missing option', ['do'], "required option '--what <thing>' not specified"],
])('%s ends with 64 and says what is wrong', async (_, args, message) => {
  const said = await command(
    registering(async () => undefined),
    ...args,
  );
  expect(said).toEqual({ stdout: '', stderr: `error: ${message}\n`, exitCode: 64 });
  const asJson = await command(
    registering(async () => undefined),
    ...args,
    '--json',
  );
  expect(asJson.exitCode).toBe(64);
  expect(JSON.parse(asJson.stdout)).toEqual({ error: { type: 'UsageFailure', message, exitCode: 64 } });
});

test('asking for help is no failure', async () => {
  const said = await command(
    registering(async () => undefined),
    'do',
    '--help',
  );
  expect(said).toMatchObject({ exitCode: 0, stderr: '' });
  expect(said.stdout).toContain('Usage: spillway do');
});

describe('the exit code', () => {
  const around = (cause: unknown) => new Error('update failed', { cause });
  test.each([
    ['a wrong configuration', new ConfigurationFailure('x'), 'ConfigurationFailure', 64],
    ['a no before the release', new PreflightFailure('x'), 'PreflightFailure', 1],
    [
      'what crossed Temporal',
      around(ApplicationFailure.create({ message: 'x', type: 'SmokeFailure' })),
      'SmokeFailure',
      1,
    ],
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'UnreachableFailure', 69],
    ['a call that was not answered', around(Object.assign(new Error('x'), { code: 14 })), 'UnreachableFailure', 69],
    [
      'several refused addresses',
      new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]),
      'UnreachableFailure',
      69,
    ],
    [
      'a bug that crossed Temporal',
      around(ApplicationFailure.create({ message: 'x', type: 'TypeError' })),
      'Error',
      70,
    ],
    ['a missing file nobody expected', Object.assign(new Error('x'), { code: 'ENOENT' }), 'Error', 70],
    ['what is no error at all', 'x', 'Error', 70],
  ])('of %s', (_, error, type, exitCode) => {
    expect(reportOf(error)).toMatchObject({ type, exitCode });
  });
});

test('colours are for a person who looks at a terminal', () => {
  const red = (isTTY: boolean, env: NodeJS.ProcessEnv): string => coloursFor({ isTTY }, env).red('no');
  expect(red(true, {})).toBe('\u001b[31mno\u001b[39m');
  expect([
    red(false, {}),
    red(true, { NO_COLOR: '1' }),
    red(true, { CI: 'true' }),
    red(true, { TERM: 'dumb' }),
  ]).toEqual(Array(4).fill('no'));
});
