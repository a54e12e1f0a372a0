import { basename, isAbsolute, join, relative } from 'node:path';
import type { ComposeProject, ComposeService } from '../compose/model';
import { properName } from '../compose-values';
import { type DockerfileFacts, factsAt } from '../dockerfile';
import { entryPointsOf } from '../labels/traefik';
import { nothingToRelease, type Proposal, reasonText } from '../proposal';
import type { Question } from '../questions';
import { type Mapper, type Outside, type Released } from './context';
import { databaseOf } from './database';
import { askAboutOutside } from './networks';
import { needsFilesBeside, roleOf } from './roles';
import { serviceOf } from './service';
import { askAboutUnnamed } from './unnamed';

/**
 * @param home the folder of the proposal, where its relative paths start
 * @throws ConfigurationFailure when the project has no service that could be released
 */
export async function proposeFromProject(project: ComposeProject, home: string, appName?: string): Promise<Proposal> {
  const app = appName ?? properName(nameOf(project));
  const source = project.files.map((file) => relative(home, file)).join(', ');
  const questions: Question[] = project.reasons.map((reason) => ({ ...reason, importance: 'decide' }));
  const { released, outside } = await sorted(project);
  if (released.length === 0) throw nothingToRelease(source, [...outside.map(whyStays), ...questions.map(reasonText)]);
  const mapper: Mapper = {
    app,
    home,
    project,
    released,
    outside,
    entryPoints: entryPointsOf(
      outside.filter(({ kind }) => kind === 'router').flatMap(({ service }) => (service.command ?? []).map(String)),
    ),
    secretName: secretNames(released),
    questions,
  };
  askAboutOutside(mapper);
  askAboutUnnamed(mapper);
  const services = Object.fromEntries(released.map((one) => [one.name, serviceOf(one, mapper)]));
  const database = await databaseOf(mapper);
  return { source, content: { version: 1, app, services, ...database }, questions: placed(questions, released) };
}

/** Compose drops what is no letter from the name of a folder; here it separates words. */
function nameOf({ name, directory }: ComposeProject): string {
  const folder = basename(directory);
  return folder.toLowerCase().replace(/[^a-z0-9_-]/g, '') === name ? folder : name;
}

async function sorted(project: ComposeProject): Promise<Pick<Mapper, 'released' | 'outside'>> {
  const released: Released[] = [];
  const outside: Outside[] = [];
  const names: Record<string, true> = {};
  for (const service of project.services) {
    const facts = await factsOf(service);
    const role = roleOf(service, facts, project);
    if (!role.released) outside.push({ service, ...role });
    else if (role.job && needsFilesBeside(service))
      outside.push({
        service,
        because: `it is a job (${role.job.because}) whose files lie beside the Compose file`,
        isRunning: true,
        isKnown: false,
      });
    else {
      const name = unusedName(service.name, names);
      names[name] = true;
      released.push({ service, name, ...(facts && { facts }), ...(role.job && { job: role.job }) });
    }
  }
  return { released, outside };
}

async function factsOf({ build }: ComposeService): Promise<DockerfileFacts | undefined> {
  if (!build) return undefined;
  const args = Object.fromEntries(build.args.map(({ name, value }) => [name, value?.text ?? '']));
  const { dockerfile = 'Dockerfile' } = build;
  return factsAt(isAbsolute(dockerfile) ? dockerfile : join(build.context, dockerfile), build.target, args);
}

function unusedName(given: string, taken: object): string {
  const proper = properName(given);
  for (let count = 2, free = proper; ; count++) {
    if (!Object.hasOwn(taken, free)) return free;
    free = `${proper.slice(0, 36)}-${count}`;
  }
}

/** A name with different values in two services gets the service in front. */
function secretNames(released: Released[]): Mapper['secretName'] {
  const values = new Map<string, Set<string>>();
  for (const { service } of released)
    for (const { name, value } of service.environment)
      values.set(name, (values.get(name) ?? new Set()).add(value?.text ?? ''));
  return (service, key) =>
    (values.get(key)?.size ?? 0) > 1 ? `${service.replaceAll('-', '_').toUpperCase()}_${key}` : key;
}

/** Reasons of the Compose file name its own services, which may have other names here, or none. */
function placed(questions: Question[], released: Released[]): Question[] {
  return questions.map((question) => {
    const [first, service, ...rest] = question.path;
    if (first !== 'services' || service === undefined || released.some(({ name }) => name === service)) return question;
    const found = released.find((one) => one.service.name === service);
    if (found) return { ...question, path: [first, found.name, ...rest] };
    // It stays under Compose, where nothing changes.
    return { ...question, path: ['services'], text: `${service}: ${question.text}`, importance: 'know' };
  });
}

function whyStays({ service, because, kind }: Outside): string {
  return `${service.name}: ${because}${kind === undefined ? '' : `, a ${kind}`}`;
}
