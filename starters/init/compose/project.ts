import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigurationFailure } from '../../../domain/failures';
import { RESOURCES } from './documents';
import { envFilesOf } from './env-files';
import { type Environment, list, projectEnvironment } from './environment';
import { loadFiles } from './load';
import type { ComposeProject, ComposeReason, ComposeResource, ComposeService } from './model';
import { shownPath } from './paths';
import { plain } from './plain';
import { projectName } from './project-name';
import { serviceOf } from './service';
import { ComposeText } from './text';
import { isTreeMap, type Tree, type TreeMap } from './tree';
import { shape } from './yaml';

type Mapping = Record<string, unknown>;

const DEFAULTS = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const OVERRIDES = DEFAULTS.map((name) => name.replace('compose.', 'compose.override.'));
const READ = new Set(['services', ...RESOURCES, 'name', 'version', 'include']);

export interface ProjectRequest {
  /** Where Compose would look for its files. */
  directory: string;
  /** Instead of those that Compose would find; relative to the working directory. */
  files?: string[];
  projectName?: string;
  envFiles?: string[];
  /** `*` is all. */
  profiles?: string[];
  /** The variables of the process. */
  shell: Record<string, string | undefined>;
}

/** The files that Compose would read in a folder; empty when there are none. */
export async function composeFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: Error) => {
    throw new ConfigurationFailure(`expected a folder ${directory}, seen: ${error.message}`, { cause: error });
  });
  const first = DEFAULTS.find((name) => names.includes(name));
  const override = OVERRIDES.find((name) => names.includes(name));
  return [first, first && override].filter((name) => name !== undefined).map((name) => join(directory, name));
}

/**
 * Reads a Compose project as `docker compose config` does.
 * @returns undefined when no file is named, and the folder has none
 * @throws ConfigurationFailure when a file cannot be read, or is none of Compose
 */
export async function readProject(request: ProjectRequest): Promise<ComposeProject | undefined> {
  const named = (request.files ?? []).map((file) => resolve(file));
  const start = resolve(named[0] === undefined ? request.directory : dirname(named[0]));
  const envFiles = (request.envFiles ?? []).map((file) => resolve(file));
  const environment = await projectEnvironment({ directory: start, envFiles, shell: request.shell });
  const files = named.length > 0 ? named : await filesOf(request.directory, environment);
  if (files.length === 0) return undefined;
  const directory = dirname(files[0]!);
  const reasons: ComposeReason[] = [];
  const name = await projectName(request.projectName, files, environment);
  const lookup: Environment['lookup'] = (variable) =>
    variable === 'COMPOSE_PROJECT_NAME' ? { text: name, origin: 'file' } : environment.lookup(variable);
  const tree = await loadFiles(files, { lookup, directory, reasons, including: [] });
  const services = tree.get('services');
  if (!isTreeMap(services) || services.size === 0) throw noServices(files, tree, reasons);
  const read: ComposeService[] = [];
  for (const [service, given] of services) {
    if (!isTreeMap(given)) continue;
    const { files: envFiles, variables: fromFiles, reasons: missing } = await envFilesOf(service, given, lookup);
    reasons.push(...missing);
    read.push(serviceOf({ name: service, tree: given, lookup, fromFiles, envFiles, reasons }));
  }
  const unread = [...tree.keys()].filter((key) => !READ.has(key) && !key.startsWith('x-'));
  reasons.push(...unread.map((key) => ({ path: [key], text: `what stands under \`${key}\` was not read` })));
  reasons.push(...shellReasons(environment));
  const profiles = request.profiles ?? list(environment.lookup('COMPOSE_PROFILES')?.text, ',');
  const resources = (key: string): Record<string, ComposeResource> => resourcesOf(tree.get(key), name);
  return {
    name,
    directory,
    files,
    isFound: named.length === 0,
    services: read.map((service) => (isActive(service, profiles) ? { ...service, profiles: [] } : service)),
    volumes: resources('volumes'),
    networks: resources('networks'),
    secrets: resources('secrets'),
    configs: resources('configs'),
    reasons,
  };
}

async function filesOf(directory: string, { lookup }: Environment): Promise<string[]> {
  const separator = lookup('COMPOSE_PATH_SEPARATOR')?.text || ':';
  const listed = list(lookup('COMPOSE_FILE')?.text, separator).map((file) => resolve(directory, file));
  return listed.length > 0 ? listed : composeFiles(directory);
}

function noServices(files: string[], tree: TreeMap, reasons: ComposeReason[]): ConfigurationFailure {
  const keys = [...tree.keys()];
  const seen = tree.has('services')
    ? shape(tree.get('services'))
    : keys.length > 0
      ? `only ${keys.join(', ')}`
      : 'none';
  const why = reasons.length > 0 ? ` (${reasons.map(({ text }) => text).join('; ')})` : '';
  // Files of the first Compose had services at the top.
  const isOld = keys.some((key) => !READ.has(key) && !key.startsWith('x-') && isTreeMap(tree.get(key)));
  return new ConfigurationFailure(
    `expected a Compose file with \`services\`, seen ${seen} in ${files.map(shownPath).join(', ')}${why}; ` +
      (isOld
        ? 'put what is at the top under `services`'
        : 'name the right files by --compose, or write spillway.yaml by hand'),
  );
}

function isActive({ profiles }: ComposeService, asked: string[]): boolean {
  return asked.includes('*') || profiles.some((profile) => asked.includes(profile));
}

function shellReasons({ fromShell }: Environment): ComposeReason[] {
  const names = [...fromShell].filter((name) => !name.startsWith('COMPOSE_'));
  if (names.length === 0) return [];
  return [
    {
      path: [],
      text: `${names.join(', ')} came from the shell that ran this, and not from .env; is that right for production as well?`,
    },
  ];
}

function resourcesOf(given: Tree | undefined, project: string): Record<string, ComposeResource> {
  if (!isTreeMap(given)) return {};
  return Object.fromEntries(
    [...given].map(([key, value]) => {
      const resource = isTreeMap(value) ? value : new Map<string, Tree>();
      const away = resource.get('external');
      const external = isTreeMap(away) || plain(away, 'external') === true;
      const named = resource.get('name') ?? (isTreeMap(away) ? away.get('name') : undefined);
      const name = named instanceof ComposeText ? named.text : external ? key : `${project}_${key}`;
      return [key, { name, external, given: plain(resource) as Mapping }];
    }),
  );
}
