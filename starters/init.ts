import { randomUUID } from 'node:crypto';
import { access, link, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { appConfigSchema } from '../domain/config';
import { ConfigurationFailure } from '../domain/failures';
import { formatCount } from '../domain/units';
import { DEFAULT_FILE } from './file/configuration';
import { readProject } from './init/compose/project';
import { properName } from './init/compose-values';
import { proposeFromDockerfiles } from './init/from-dockerfiles';
import { proposeFromProject } from './init/mapping/project';
import { type Proposal, proposalText, repaired } from './init/proposal';
import { firstOf, isToDecide, questionLines, questionText, together } from './init/questions';
import { JSON_OPTION, type Out, run } from './output';

interface Options {
  file: string;
  app?: string;
  compose?: string[];
  projectName?: string;
  envFile?: string[];
  profile?: string[];
  force?: boolean;
  json?: boolean;
}

export function registerInit(program: Command): void {
  program
    .command('init')
    .description('Proposes a spillway.yaml from the Compose file or the Dockerfiles beside it.')
    .option('-f, --file <path>', 'configuration file that is written', DEFAULT_FILE)
    .option('--app <name>', 'name of the app; default: the project of the Compose file, or the folder')
    .option('--compose <path>', 'Compose file to read; several are merged; default: those that Compose finds', several)
    .option('-p, --project-name <name>', 'project of Compose, after which its volumes and networks are named')
    .option('--env-file <path>', 'file with variables for the Compose files, instead of .env; may be repeated', several)
    .option('--profile <name>', 'profile of Compose whose services are released too; may be repeated', several)
    .option('--force', 'replace a file that is there')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
What it could not know stands as comments in the file, and on standard error.

Examples:
  spillway init
  spillway init --app shop --force
  spillway init --compose docker-compose.yml --compose docker-compose.prod.yml

Exit codes: 0 written · 64 a file is there already, or nothing to make one from`,
    )
    .action((options: Options) => run(options, (out) => init(options, out)));
}

async function init(options: Options, out: Out): Promise<void> {
  const { file, force, app } = options;
  if (app !== undefined) checkName(app);
  if (!force && (await exists(file))) throw taken(file);
  const proposal = repaired(await propose(resolve(dirname(file)), options));
  await write(file, proposalText(proposal), force === true);
  const { questions } = proposal;
  for (const line of questionLines(questions, out.colours.bold)) out.note(line);
  const services = Object.keys(proposal.content.services);
  const asked = together(questions);
  const count = asked.filter(isToDecide).length;
  const left = `; ${formatCount(count, 'question')} ${count === 1 ? 'is' : 'are'} left in its comments, and ${formatCount(asked.length - count, 'note')}`;
  const shown = questions.map((question) => ({
    path: question.path,
    text: questionText(question),
    importance: question.importance,
  }));
  out.result(
    { file, source: proposal.source, services, questions: shown },
    `${file} was written from ${proposal.source}: ${firstOf(services).join(', ')}${asked.length === 0 ? '' : left}\nNext: spillway validate; then spillway dev in another terminal, and spillway plan 1.0.0`,
  );
}

/** @throws ConfigurationFailure */
function checkName(app: string): void {
  const [issue] = appConfigSchema.shape.app.safeParse(app).error?.issues ?? [];
  if (issue) throw new ConfigurationFailure(`--app: ${issue.message}; try --app ${properName(app)}`);
}

async function propose(directory: string, options: Options): Promise<Proposal> {
  const { app, compose = [], projectName, envFile = [], profile } = options;
  const project = await readProject({
    directory,
    files: compose,
    envFiles: envFile,
    shell: process.env,
    ...(projectName !== undefined && { projectName }),
    ...(profile && { profiles: profile }),
  });
  if (project) return proposeFromProject(project, directory, app);
  return proposeFromDockerfiles(directory, app ?? properName(basename(directory)));
}

function several(value: string, before: string[] = []): string[] {
  return [...before, value];
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

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
