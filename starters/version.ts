import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { Argument, type Command } from 'commander';
import { ConfigurationFailure } from '../domain/failures';
import { type Bump, BUMPS, compareVersions, gitTag } from '../domain/versions';
import { git } from './file/git';
import { JSON_OPTION, type Out, run } from './output';
import { bumpVersion, filesOf, readVersion, setVersion, type VersionChange, writeVersion } from './file/version-file';

interface Options {
  file?: string;
  json?: boolean;
}

interface ChangeOptions extends Options {
  preid?: string;
  note?: string;
  tag?: boolean;
}

export function registerVersion(program: Command): void {
  const version = program.command('version').description('Shows or changes the version of the app in this folder.');
  withOptions(version.command('current').description('Prints the version.'))
    .addHelpText('after', helpWith('spillway version current', 'spillway version current --json'))
    .action((options: Options) =>
      run(options, async (out) => {
        const { version: current, file } = await readVersion(process.cwd(), options.file);
        out.result({ version: current, file }, current);
      }),
    );
  changing(version.command('bump').description('Raises the version and prints the new one.'))
    .addArgument(new Argument('<part>', 'which part is raised').choices(BUMPS))
    .option('--preid <name>', 'name of the suffix of a prerelease, such as rc')
    .addHelpText('after', helpWith('spillway version bump minor', 'spillway version bump prerelease --preid rc --tag'))
    .action((bump: Bump, options: ChangeOptions) =>
      run(options, async (out) => {
        if (options.preid !== undefined && bump !== 'prerelease') {
          throw new ConfigurationFailure(`expected --preid only with prerelease, seen it with ${bump}`);
        }
        await change(out, options, () => bumpVersion(process.cwd(), { ...options, bump }));
      }),
    );
  changing(version.command('set').description('Sets the version, in a new file VERSION when there is none.'))
    .argument('<version>', 'such as 1.4.0 or 2.0.0-rc.1')
    .addHelpText(
      'after',
      helpWith('spillway version set 0.1.0', 'spillway version set 1.0.0 --tag --note "out of beta"'),
    )
    .action((to: string, options: ChangeOptions) =>
      run(options, (out) => change(out, options, () => setVersion(process.cwd(), to, options.file))),
    );
}

function helpWith(...examples: string[]): string {
  return `
Examples:
${examples.map((example) => `  ${example}`).join('\n')}

Exit codes: 0 done · 64 wrong usage, no file with a version, or git refuses`;
}

function withOptions(command: Command): Command {
  return command
    .option('-f, --file <path>', 'file with the version; default: VERSION, else package.json')
    .option(...JSON_OPTION);
}

function changing(command: Command): Command {
  return withOptions(command)
    .option('--note <text>', 'what is new, for the message of the tag')
    .option('--tag', 'commit the file with the version, and nothing else, and tag that commit in git');
}

async function change(out: Out, options: ChangeOptions, work: () => Promise<VersionChange>): Promise<void> {
  const { file, from, to } = await work();
  const name = relative(process.cwd(), file) || file;
  if (from !== undefined && compareSafely(to, from) < 0) out.note(`${to} comes before ${from}`);
  if (options.note !== undefined && !options.tag) {
    out.note('the note is kept only with --tag; `spillway release --note` keeps it in the history');
  }
  const tag = options.tag ? await tagged({ file, from, to }, options.note) : undefined;
  out.note(from === to ? `${name} says ${to} already` : `${from ?? 'nothing'} → ${to} in ${name}`);
  out.result({ file, from: from ?? null, to, note: options.note ?? null, tag: tag ?? null }, to);
}

/** @throws ConfigurationFailure when git refuses; then nothing is committed, and the old version is back */
async function tagged(changed: VersionChange, note: string | undefined): Promise<string> {
  const tag = gitTag(changed.to);
  const message = note ? `${tag}: ${note}` : tag;
  try {
    await refuseTaken(tag);
    await commit(changed.file, message);
  } catch (error) {
    await putBack(changed);
    throw new ConfigurationFailure(`expected to tag ${tag} in git, seen: ${gitSaid(error)}`, { cause: error });
  }
  await git(process.cwd(), 'tag', '--annotate', '--message', message, tag).catch((error: unknown) => {
    const seen = `the version is committed, but not tagged: ${gitSaid(error)}`;
    throw new ConfigurationFailure(`expected to tag ${tag} in git, seen: ${seen}`, { cause: error });
  });
  return tag;
}

async function commit(file: string, message: string): Promise<void> {
  const files = await filesOf(file);
  await git(process.cwd(), 'add', '--', ...files);
  // Nothing to commit is fine: the version was set before.
  if ((await git(process.cwd(), 'status', '--porcelain', '--', ...files)) === '') return;
  await git(process.cwd(), 'commit', '--quiet', '--message', message, '--', ...files).catch(async (error: unknown) => {
    // This fails without any commit, where there is nothing to go back to.
    await git(process.cwd(), 'reset', '--quiet', '--', ...files).catch(() => undefined);
    throw error;
  });
}

async function putBack({ file, from, to }: VersionChange): Promise<void> {
  if (from === undefined) await rm(file);
  else if (from !== to) await writeVersion(file, from);
}

async function refuseTaken(tag: string): Promise<void> {
  const taken = await git(process.cwd(), 'tag', '--list', tag);
  if (taken !== '')
    throw new Error(`the tag exists already; raise the version, or remove it with \`git tag --delete ${tag}\``);
}

function gitSaid(error: unknown): string {
  const { stderr, message, code } = error as { stderr?: string; message: string; code?: unknown };
  return code === 'ENOENT' ? 'git is not installed' : stderr?.trim() || message;
}

// The old text may be no version, which `set` mends.
function compareSafely(to: string, from: string): number {
  try {
    return compareVersions(to, from);
  } catch {
    return 0;
  }
}
