import { randomUUID } from 'node:crypto';
import { access, link, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigurationFailure } from '../domain/failures';
import { formatCount } from '../domain/units';
import { DEFAULT_FILE } from './file/configuration';
import { pathText } from './file/errors';
import { COMPOSE_FILES, proposeFromCompose } from './init/compose';
import { properName } from './init/compose-values';
import { proposeFromDockerfiles } from './init/dockerfile';
import { type Proposal, proposalText, repaired } from './init/proposal';
import { JSON_OPTION, type Out, run } from './output';

interface Options {
  file: string;
  app?: string;
  force?: boolean;
  json?: boolean;
}

export function registerInit(program: Command): void {
  program
    .command('init')
    .description('Proposes a spillway.yaml from the Compose file or the Dockerfiles beside it.')
    .option('-f, --file <path>', 'configuration file that is written', DEFAULT_FILE)
    .option('--app <name>', 'name of the app; default: the project of the Compose file, or the folder')
    .option('--force', 'replace a file that is there')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
What it could not know stands as comments in the file, and on standard error.

Examples:
  spillway init
  spillway init --app shop --force

Exit codes: 0 written · 64 a file is there already, or nothing to make one from`,
    )
    .action((options: Options) => run(options, (out) => init(options, out)));
}

async function init({ file, app, force }: Options, out: Out): Promise<void> {
  if (!force && (await exists(file))) throw taken(file);
  const proposal = repaired(await propose(resolve(dirname(file)), app));
  await write(file, proposalText(proposal), force === true);
  for (const { path, text } of proposal.questions) out.note(`${out.colours.yellow('?')} ${placeText(path)}${text}`);
  const services = Object.keys(proposal.content.services);
  const count = proposal.questions.length;
  const left = `; ${formatCount(count, 'question')} ${count === 1 ? 'is' : 'are'} left in its comments`;
  const next = count === 0 ? '' : left;
  out.result(
    { file, source: proposal.source, services, questions: proposal.questions },
    `${file} was written from ${proposal.source}: ${services.join(', ')}${next}\nNext: spillway validate; then spillway dev in another terminal, and spillway plan 1.0.0`,
  );
}

async function propose(directory: string, app: string | undefined): Promise<Proposal> {
  const names = await readdir(directory).catch((error: Error) => {
    throw new ConfigurationFailure(`expected a folder ${directory}, seen: ${error.message}`, { cause: error });
  });
  const compose = COMPOSE_FILES.find((name) => names.includes(name));
  if (compose !== undefined) {
    const proposal = await proposeFromCompose(join(directory, compose), app);
    const override = names.find((name) => /^(docker-)?compose\.override\.ya?ml$/.test(name));
    if (override !== undefined) proposal.questions.push({ path: ['services'], text: `${override} was not read` });
    return proposal;
  }
  return proposeFromDockerfiles(directory, app ?? properName(basename(directory)));
}

/** The file appears as a whole, and replaces another one only with `force`. */
async function write(file: string, text: string, force: boolean): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
  try {
    await writeFile(draft, text, { flag: 'wx' });
    // A link, unlike a rename, fails when somebody else was faster.
    await (force ? rename(draft, file) : link(draft, file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw taken(file);
    throw new ConfigurationFailure(`expected to write ${relative('', file)}, seen: ${message}`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}

function taken(file: string): ConfigurationFailure {
  return new ConfigurationFailure(`expected no ${file} yet, seen one; --force replaces it`);
}

function placeText(path: string[]): string {
  const text = pathText(path.filter((key) => key !== ''));
  return text === '' ? '' : `${text}: `;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
