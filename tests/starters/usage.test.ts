import { command } from '../support/command-process';
import { createProject } from './project';
import type { Project } from './project';

let project: Project;
beforeAll(async () => {
  // Nothing listens there: wrong usage must be told without asking Temporal.
  project = await createProject({ TEMPORAL_ADDRESS: '127.0.0.1:9' });
  await project.write('broken.yaml', 'app: shop\nservices: [');
  await project.write('mistake.yaml', 'version: 1\napp: shop\nservces: {}\n');
});
afterAll(() => project.remove());

const p = ['-e', 'production'];
const WRONG: [string, string[], string | RegExp][] = [
  ['an unknown command', ['relaese'], /unknown command 'relaese'/],
  ['an unknown option', ['status', '--environmnet', 'x'], /unknown option/],
  ['no environment where there are two', ['status'], /which environment\? .* has production, staging/],
  ['no file', ['abort', '-f', 'none.yaml', ...p], /none.yaml/],
  ['a file that is not YAML', ['current', '-f', 'broken.yaml', ...p], /YAML/],
  ['a mistake in the configuration', ['release', '-f', 'mistake.yaml', ...p], /did you mean "services"/],
  ['an environment that is not there', ['release', '-e', 'prodction'], /did you mean "production"/],
  ['a version that is no semver', ['release', 'v1.2', ...p], /expected a version such as 1.4.0/],
  ['a version and --bump', ['release', '1.2.0', '--bump', 'minor', ...p], /leave one out/],
  [
    'an unknown part to raise',
    ['release', '--bump', 'huge', ...p],
    /Allowed choices are patch, minor, major, prerelease/,
  ],
  ['another app than the file’s', ['plan', '--app', 'other', ...p], /--app says other/],
  ['too long a reason', ['abort', ...p, '-m', 'x'.repeat(501)], /at most 500 characters/],
  ['a limit that is no number', ['history', '--limit', 'many', ...p], /whole number from 1 to 200/],
  ['smoke without an address', ['smoke', '--path', '/'], /--url/],
  ['an address without scheme', ['smoke', '--url', 'shop.example'], /such as https:\/\/shop.example/],
  ['a path without its slash', ['smoke', '--url', 'http://127.0.0.1', '--path', 'health'], /starts with \//],
  ['a duration without unit', ['smoke', '--url', 'http://127.0.0.1', '--watch', '30'], /such as 500ms, 30s or 5m/],
  ['nothing to smoke', ['smoke', '--url', 'http://127.0.0.1', ...p], /smoke.checks/],
];

it.each(WRONG)('%s ends with 64, one clear error and one JSON document', async (_what, argv, says) => {
  const { code, stdout, stderr } = await project.run(...argv, '--json');
  expect(code).toBe(64);
  const { error } = JSON.parse(stdout) as { error: { type: string; message: string; exitCode: number } };
  expect(error).toMatchObject({ message: expect.stringMatching(says), exitCode: 64 });
  expect(stderr).not.toContain(' at ');
});

it('a wrong TEMPORAL_ADDRESS ends with 64', async () => {
  const { code, stderr } = await command(['status', '--app', 'shop', ...p], {
    cwd: project.directory,
    env: { TEMPORAL_ADDRESS: 'http://127.0.0.1:7233' },
  });
  expect(code).toBe(64);
  expect(stderr).toContain('expected HOST:PORT without a scheme');
});

it.each([['status'], ['current'], ['release'], ['abort'], ['history'], ['watch'], ['plan']])(
  '%s ends with 69 and says what to do when Temporal does not answer',
  async (name) => {
    const { code, stdout } = await project.run(name, ...p, '--json');
    expect(code).toBe(69);
    const { error } = JSON.parse(stdout) as { error: { type: string; message: string } };
    expect(error.type).toBe('UnreachableFailure');
    expect(error.message).toContain('`spillway dev`');
    expect(error.message).toContain('TEMPORAL_ADDRESS');
  },
);

it('every command has a help with examples and exit codes', async () => {
  const { stdout } = await command(['--help']);
  const names = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[| {2,})/gm)]
    .map((match) => match[1]!)
    .filter((name) => name !== 'help');
  expect(names).toEqual(expect.arrayContaining(['release', 'plan', 'abort', 'doctor', 'smoke', 'worker']));
  const mine = [
    'worker',
    'doctor',
    'plan',
    'release',
    'status',
    'watch',
    'history',
    'current',
    'approve',
    'abort',
    'smoke',
  ];
  for (const name of mine) {
    const help = (await command([name, '--help'])).stdout;
    expect(help).toMatch(/Examples:\n/);
    expect(help).toMatch(/Exit codes: 0 /);
  }
});
