import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitState } from '../../starters/file/git';
import { registerVersion } from '../../starters/version';
import { bumpVersion, readVersion } from '../../starters/file/version-file';
import { command } from '../support/in-process';

const home = process.cwd();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-version-'));
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(home);
  rmSync(directory, { recursive: true, force: true });
});

const version = (...args: string[]) => command(registerVersion, 'version', ...args);
const say = (name: string): string => readFileSync(name, 'utf8');
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
function repository(): void {
  git('init', '--quiet', '--initial-branch', 'main');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.com');
  writeFileSync('other', '1');
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
}

describe('version bump (V1)', () => {
  test.each([
    ['patch', '1.2.4'],
    ['minor', '1.3.0'],
    ['major', '2.0.0'],
    ['prerelease', '1.2.4-0'],
  ])('%s makes %s of 1.2.3 and prints it [proves V1]', async (part, expected) => {
    writeFileSync('VERSION', '1.2.3\n');
    expect(await version('bump', part)).toEqual({
      stdout: `${expected}\n`,
      stderr: `1.2.3 → ${expected} in VERSION\n`,
      exitCode: 0,
    });
    expect(say('VERSION')).toBe(`${expected}\n`);
    expect(readdirSync('.')).toEqual(['VERSION']);
  });

  test('counts prereleases under the name that was given [proves V1]', async () => {
    writeFileSync('VERSION', '1.2.3\n');
    await version('bump', 'prerelease', '--preid', 'rc');
    expect((await version('bump', 'prerelease', '--preid', 'rc', '--json')).stdout).toBe(
      `${JSON.stringify({ file: join(process.cwd(), 'VERSION'), from: '1.2.4-rc.0', to: '1.2.4-rc.1', note: null, tag: null }, null, 2)}\n`,
    );
  });

  test('changes nothing but the version of package.json and of its lock file [proves V1]', async () => {
    const content = { name: 'shop', version: '1.2.3', scripts: { version: 'echo' }, volta: { version: '9' } };
    writeFileSync('package.json', `${JSON.stringify(content, null, 4)}\n`, { mode: 0o600 });
    const lock = { name: 'shop', version: '1.2.3', packages: { '': { version: '1.2.3' }, a: { version: '1.2.3' } } };
    writeFileSync('package-lock.json', JSON.stringify(lock, null, 2));
    await version('bump', 'patch');
    expect(say('package.json')).toBe(`${JSON.stringify({ ...content, version: '1.2.4' }, null, 4)}\n`);
    expect(statSync('package.json').mode & 0o777).toBe(0o600);
    expect(JSON.parse(say('package-lock.json'))).toEqual({
      name: 'shop',
      version: '1.2.4',
      packages: { '': { version: '1.2.4' }, a: { version: '1.2.3' } },
    });
  });

  test.each(['v1.2', 'v1.2.3', ' 1.2.3', '1.2', ''])(
    'refuses a file that says %j and leaves it alone',
    async (text) => {
      writeFileSync('VERSION', `${text}\n`);
      const said = await version('bump', 'patch');
      expect(said).toMatchObject({ stdout: '', exitCode: 64 });
      expect(said.stderr).toContain(`${join(process.cwd(), 'VERSION')}: expected a version such as 1.4.0`);
      expect(say('VERSION')).toBe(`${text}\n`);
    },
  );

  test('refuses another part, a suffix for a patch, and a bad suffix [proves V1]', async () => {
    writeFileSync('VERSION', '1.2.3\n');
    expect(await version('bump', 'huge')).toMatchObject({ exitCode: 64 });
    expect((await version('bump', 'patch', '--preid', 'rc')).stderr).toContain('--preid only with prerelease');
    expect((await version('bump', 'prerelease', '--preid', 'r c')).stderr).toContain('seen "r c"');
    expect(say('VERSION')).toBe('1.2.3\n');
  });

  test('says where the version may stand when it stands nowhere', async () => {
    const said = await version('bump', 'patch');
    expect(said.exitCode).toBe(64);
    expect(said.stderr).toContain('make one with `spillway version set 0.1.0`');
  });

  test('says that a folder cannot be written, and leaves no draft', async () => {
    writeFileSync('package.json', '{"version": "1.2.3"}');
    writeFileSync('package-lock.json', 'not JSON');
    const said = await version('bump', 'patch');
    expect(said).toMatchObject({ exitCode: 64 });
    expect(say('package.json')).toBe('{"version": "1.2.3"}');
  });

  test('tags the commit that holds the version and nothing else', async () => {
    repository();
    writeFileSync('VERSION', '1.2.3\n');
    writeFileSync('other', '2');
    git('add', 'other');
    const said = await version('bump', 'minor', '--tag', '--note', 'Cheaper shipping');
    expect(said).toMatchObject({ stdout: '1.3.0\n', exitCode: 0 });
    expect(git('cat-file', '-t', 'v1.3.0')).toBe('tag');
    expect(git('tag', '--list', '--format', '%(contents:subject)', 'v1.3.0')).toBe('v1.3.0: Cheaper shipping');
    expect(git('show', 'v1.3.0:VERSION')).toBe('1.3.0');
    expect(git('diff-tree', '--no-commit-id', '--name-only', '-r', 'HEAD')).toBe('VERSION');
    expect(git('diff', '--cached', '--name-only')).toBe('other');
  });

  test('leaves version and repository alone when the tag is taken', async () => {
    repository();
    writeFileSync('VERSION', '1.2.3\n');
    git('tag', 'v1.2.4');
    const before = git('rev-parse', 'HEAD');
    const said = await version('bump', 'patch', '--tag');
    expect(said.exitCode).toBe(64);
    expect(said.stderr).toContain('the tag exists already');
    expect(say('VERSION')).toBe('1.2.3\n');
    expect(git('rev-parse', 'HEAD')).toBe(before);
  });

  test('leaves version and repository alone when a hook refuses the commit', async () => {
    repository();
    writeFileSync('VERSION', '1.2.3\n');
    git('add', 'VERSION');
    git('commit', '--quiet', '--message', 'version');
    writeFileSync('.git/hooks/pre-commit', '#!/bin/sh\necho no commits on Sunday >&2\nexit 1\n');
    chmodSync('.git/hooks/pre-commit', 0o755);
    const said = await version('bump', 'patch', '--tag');
    expect(said.stderr).toContain('no commits on Sunday');
    expect([say('VERSION'), git('status', '--porcelain'), git('tag')]).toEqual(['1.2.3\n', '', '']);
  });
});

describe('version set', () => {
  test('makes a file when there is none', async () => {
    expect(await version('set', '0.1.0')).toMatchObject({ stdout: '0.1.0\n', stderr: 'nothing → 0.1.0 in VERSION\n' });
    expect(say('VERSION')).toBe('0.1.0\n');
  });

  test.each(['v1.0.0', '1.0', '', ' 1.0.0', 'latest'])('refuses %j', async (text) => {
    expect(await version('set', text)).toMatchObject({ stdout: '', exitCode: 64 });
    expect(existsSync('VERSION')).toBe(false);
  });

  test('mends a file that says no version, and notes when it goes back', async () => {
    writeFileSync('VERSION', 'v2\n');
    expect(await version('set', '2.0.0')).toMatchObject({ exitCode: 0 });
    expect((await version('set', '1.0.0')).stderr).toBe('1.0.0 comes before 2.0.0\n2.0.0 → 1.0.0 in VERSION\n');
  });

  test('takes no new file along when git is not there', async () => {
    const said = await version('set', '1.0.0', '--tag');
    expect(said).toMatchObject({ exitCode: 64 });
    expect(said.stderr).toContain('not a git repository');
    expect(existsSync('VERSION')).toBe(false);
  });
});

describe('the version of a folder', () => {
  test('stands in VERSION, else in package.json, else where it is said', async () => {
    writeFileSync('package.json', '{"version": "1.0.0"}');
    expect(await readVersion(directory)).toMatchObject({ version: '1.0.0' });
    writeFileSync('VERSION', '2.0.0');
    expect((await version('current')).stdout).toBe('2.0.0\n');
    expect((await version('current', '--file', 'package.json')).stdout).toBe('1.0.0\n');
    expect((await version('current', '--file', 'nothing')).exitCode).toBe(64);
  });

  test('is raised for a release [proves V2]', async () => {
    writeFileSync('VERSION', '1.0.0\n');
    expect(await bumpVersion(directory, { bump: 'patch' })).toMatchObject({ from: '1.0.0', to: '1.0.1' });
    expect(await readVersion(directory)).toMatchObject({ version: '1.0.1' });
  });
});

describe('the state of git', () => {
  test('is commit, branch, and whether something is not committed', async () => {
    repository();
    const commit = git('rev-parse', 'HEAD');
    expect(await gitState(directory)).toEqual({ commit, branch: 'main', dirty: false });
    writeFileSync('new', '');
    expect(await gitState(directory)).toEqual({ commit, branch: 'main', dirty: true });
  });

  test('takes the branch from CI, which checks out a commit', async () => {
    repository();
    git('checkout', '--quiet', '--detach');
    expect(await gitState(directory, { GITHUB_REF_NAME: 'release' })).toMatchObject({ branch: 'release' });
    expect(await gitState(directory, {})).toMatchObject({ branch: 'detached' });
  });

  test('is not known outside of a repository or before the first commit', async () => {
    expect(await gitState(directory)).toBeUndefined();
    git('init', '--quiet');
    expect(await gitState(directory)).toBeUndefined();
    expect(await gitState(join(directory, 'nothing'))).toBeUndefined();
  });
});
