import { copyFile, mkdir } from 'node:fs/promises';
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
  await project.write('braces.yaml', 'app: shop\nservices: { backend: { image: shop:{version} } }');
  await mkdir(join(project.directory, 'bare'));
  await copyFile(join(project.directory, 'spillway.yaml'), join(project.directory, 'bare/spillway.yaml'));
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
  [
    'a {version} in braces without quotes',
    ['release', '1.0.0', '-f', 'braces.yaml', ...p],
    /^expected YAML in \S+, seen: [^\n]+ at line 2, column \d+; write "shop:\{version\}" in quotes/,
  ],
  [
    'no version to release',
    ['release', '-f', 'bare/spillway.yaml', ...p],
    /^expected a version, seen none, .*; name one behind .* such as 1.4.0, or/,
  ],
  ['no version to plan', ['plan', '-f', 'bare/spillway.yaml', ...p], /^expected a version, seen none/],
  [
    'no version to raise',
    ['release', '-f', 'bare/spillway.yaml', '--bump', 'minor', ...p],
    /^expected a version, seen none.*; make a file with/,
  ],
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
  [
    'a limit that is no number',
    ['history', '--limit', 'many', ...p],
    /^--limit: expected a whole number from 1 to 200, seen "many"$/,
  ],
  ['smoke without an address', ['smoke', '--path', '/'], /--url/],
  ['an address without scheme', ['smoke', '--url', 'shop.example'], /such as https:\/\/shop.example/],
  ['a path without its slash', ['smoke', '--url', 'http://127.0.0.1', '--path', 'health'], /starts with \//],
  ['a duration without unit', ['smoke', '--url', 'http://127.0.0.1', '--watch', '30'], /such as 500ms, 30s or 5m/],
  ['nothing to smoke', ['smoke', '--url', 'http://127.0.0.1', ...p], /smoke.checks/],
];

it.each(WRONG)('%s ends with 64, one clear error and one JSON document [proves 19]', async (_what, argv, says) => {
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

it.each([
  ['help', [], /^ {2}release \[options\] \[version\]/m],
  ['help of a command', ['release'], /^Usage: spillway release /],
  ['help of a command below another', ['migrate', 'up'], /^Usage: spillway migrate up /],
])('%s is shown as an answer, and ends with 0 [proves 19]', async (_what, words, shows) => {
  expect(await command(registerAll, 'help', ...words)).toEqual({
    stdout: expect.stringMatching(shows),
    stderr: '',
    exitCode: 0,
  });
});

it.each([[['help', 'relaese']], [['relaese']]])(
  'a command that there is not ends with 64 and a guess [proves 19]',
  async (words) => {
    const { exitCode, stderr } = await command(registerAll, ...words);
    expect(exitCode).toBe(64);
    expect(stderr).toBe("error: unknown command 'relaese'\n(Did you mean release?)\n");
  },
);

it.each([[[]], [['migrate']], [['version']]])(
  'no command ends with 64, and says so below the help [proves 19]',
  async (words) => {
    const { exitCode, stdout, stderr } = await command(registerAll, ...words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toMatch(/^Usage: spillway[^]*\nerror: expected one of the commands above, seen none of them\n$/);
  },
);

it('is a program of its own, with a version and a list of commands', async () => {
  const { code, stdout } = await commandProcess(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('spillway init');
  expect((await commandProcess(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
