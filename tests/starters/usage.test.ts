import { join } from 'node:path';
import { Command } from 'commander';
import { registerAll } from '../../starters/spillway';
import { command } from '../support/in-process';
import { command as commandProcess } from '../support/command-process';
import { createProject } from './project';
import type { Project } from './project';

let project: Project;
// Nothing listens there: wrong usage must be told without asking Temporal.
const NOWHERE = '127.0.0.1:9';
const before = process.env.TEMPORAL_ADDRESS;
beforeAll(async () => {
  process.env.TEMPORAL_ADDRESS = NOWHERE;
  project = await createProject({ TEMPORAL_ADDRESS: NOWHERE });
  await project.write('broken.yaml', 'app: shop\nservices: [');
  await project.write('mistake.yaml', 'version: 1\napp: shop\nservces: {}\n');
});
afterAll(async () => {
  if (before === undefined) delete process.env.TEMPORAL_ADDRESS;
  else process.env.TEMPORAL_ADDRESS = before;
  await project.remove();
});

/** Runs a command on a file of the project, in this process: starting one for each line of the table takes a minute. */
function run(argv: string[]): ReturnType<typeof command> {
  const named = argv.indexOf('-f');
  const rest = named < 0 ? argv : argv.filter((_, index) => index !== named && index !== named + 1);
  const file = join(project.directory, named < 0 ? 'spillway.yaml' : argv[named + 1]!);
  const takesFile = registered().includes(rest[0]!);
  return command(registerAll, ...rest, ...(takesFile ? ['-f', file] : []), '--json');
}

function registered(): string[] {
  const program = new Command();
  registerAll(program);
  return program.commands.map((one) => one.name());
}

/** What can be run, as people type it: `['migrate', 'up']`. */
function commandLines(): string[][] {
  const program = new Command();
  registerAll(program);
  const below = ({ commands }: Command, before: string[]): string[][] =>
    commands.flatMap((one) => {
      const words = [...before, one.name()];
      return one.commands.length === 0 ? [words] : below(one, words);
    });
  return below(program, []);
}

const p = ['-e', 'production'];
const WRONG: [string, string[], string | RegExp][] = [
  ['an unknown command', ['relaese'], /unknown command 'relaese'/],
  ['an unknown option', ['status', '--environmnet', 'x'], /unknown option/],
  [
    'no environment where there are two',
    ['status'],
    /expected an environment of .* \(production, staging\), seen none/,
  ],
  ['no file', ['abort', '-f', 'none.yaml', ...p], /none.yaml/],
  ['a file that is not YAML', ['current', '-f', 'broken.yaml', ...p], /^expected YAML in \S+, seen: [^\n]+ at line 2/],
  ['an environment that is not there, of a question', ['status', '-e', 'prodction'], /did you mean "production"/],
  ['a mistake in the configuration', ['release', '-f', 'mistake.yaml', ...p], /did you mean "services"/],
  ['an environment that is not there', ['release', '-e', 'prodction'], /did you mean "production"/],
  ['a version that is no semver', ['release', 'v1.2', ...p], /expected a version such as 1.4.0/],
  ['a version and --bump', ['release', '1.2.0', '--bump', 'minor', ...p], /leave one out/],
  [
    'an unknown part to raise',
    ['release', '--bump', 'huge', ...p],
    /Allowed choices are patch, minor, major, prerelease/,
  ],
  ['another app than the file’s', ['plan', '--app', 'other', ...p], /expected --app .*, seen other/],
  ['too long a reason', ['abort', ...p, '-m', 'x'.repeat(501)], /at most 500 characters/],
  ['a limit that is no number', ['history', '--limit', 'many', ...p], /whole number from 1 to 200/],
  ['smoke without an address', ['smoke', '--path', '/'], /--url/],
  ['an address without scheme', ['smoke', '--url', 'shop.example'], /such as https:\/\/shop.example/],
  ['a path without its slash', ['smoke', '--url', 'http://127.0.0.1', '--path', 'health'], /starts with \//],
  ['a duration without unit', ['smoke', '--url', 'http://127.0.0.1', '--watch', '30'], /such as 500ms, 30s or 5m/],
  ['nothing to smoke', ['smoke', '--url', 'http://127.0.0.1', ...p], /smoke.checks/],
];

it.each(WRONG)('%s ends with 64, one clear error and one JSON document', async (_what, argv, says) => {
  const { exitCode, stdout, stderr } = await run(argv);
  expect(exitCode).toBe(64);
  const { error } = JSON.parse(stdout) as { error: { type: string; message: string; exitCode: number } };
  expect(error).toMatchObject({ message: expect.stringMatching(says), exitCode: 64 });
  expect(stderr).not.toMatch(/\n +at /);
});

it('a wrong TEMPORAL_ADDRESS ends the process with 64', async () => {
  const { code, stderr } = await commandProcess(['status', '--app', 'shop', ...p], {
    cwd: project.directory,
    env: { TEMPORAL_ADDRESS: 'http://127.0.0.1:7233' },
  });
  expect(code).toBe(64);
  expect(stderr).toContain('expected HOST:PORT without a scheme');
});

it('every command that needs Temporal ends with 69 and says what to do when it does not answer', async () => {
  const names = ['status', 'current', 'release', 'abort', 'history', 'watch', 'plan'];
  const answers = await Promise.all(
    names.map((name) => run([name, ...p, ...(/release|plan/.test(name) ? ['1.0.0'] : [])])),
  );
  for (const { exitCode, stdout } of answers) {
    expect(exitCode).toBe(69);
    const { error } = JSON.parse(stdout) as { error: { type: string; message: string } };
    expect(error.type).toBe('UnreachableFailure');
    expect(error.message).toContain('`spillway dev`');
    expect(error.message).toContain('TEMPORAL_ADDRESS');
  }
});

it('every command has a help with examples and exit codes', async () => {
  for (const words of commandLines()) {
    const help = (await command(registerAll, ...words, '--help')).stdout;
    expect(help).toMatch(/Examples?:\n {2}spillway /);
    expect(help).toMatch(/Exit codes: 0 /);
  }
});

it('is a program of its own, with a version and a list of commands', async () => {
  const { code, stdout } = await commandProcess(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('spillway init');
  expect((await commandProcess(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
