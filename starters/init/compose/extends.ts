import { dirname, resolve } from 'node:path';
import { ConfigurationFailure } from '../../../domain/failures';
import { nearest } from '../../../domain/config/mistakes';
import { canonicalModel, type Loading, mistake, readDocuments } from './documents';
import { mergeService } from './merge';
import { isAddress, shownPath } from './paths';
import { ComposeText } from './text';
import { isTreeMap, Marked, type Tree, type TreeMap } from './tree';

interface Source {
  file: string;
  loading: Loading;
}

/** Each service over the one that it extends, in this file or another one. @throws ConfigurationFailure */
export async function extended(services: TreeMap, source: Source): Promise<TreeMap> {
  const done: TreeMap = new Map();
  for (const name of services.keys()) done.set(name, await extendedService(name, services, source, []));
  return done;
}

async function extendedService(name: string, services: TreeMap, source: Source, trail: string[]): Promise<Tree> {
  const service = services.get(name) ?? null;
  if (service instanceof Marked) return service;
  const extension = isTreeMap(service) ? service.get('extends') : undefined;
  if (!isTreeMap(service) || extension === undefined || extension === null) return service;
  const here = `${source.file} ${name}`;
  if (trail.includes(here))
    throw mistake(
      source.file,
      ['services', name, 'extends'],
      `expected an end, seen a circle: ${[...trail, here].map((step) => step.split(' ').at(-1)).join(' → ')}`,
    );
  const base = await baseOf(name, extension, services, source, [...trail, here]);
  const own = new Map([...service].filter(([key]) => key !== 'extends'));
  return isTreeMap(base) ? mergeService(base, own) : own;
}

async function baseOf(
  name: string,
  extension: Tree,
  services: TreeMap,
  source: Source,
  trail: string[],
): Promise<Tree> {
  const path = ['services', name, 'extends'];
  const { service, file } = isTreeMap(extension)
    ? { service: extension.get('service'), file: extension.get('file') }
    : { service: extension, file: undefined };
  if (!(service instanceof ComposeText)) throw mistake(source.file, path, 'expected the name of a service, seen none');
  if (!(file instanceof ComposeText)) return found(service.text, services, source, path, trail);
  if (isAddress(file.text)) {
    source.loading.reasons.push({ path, text: `${file.text} was not read, since it lies on another machine` });
    return null;
  }
  const other = resolve(source.loading.directory, file.text);
  const loading = { ...source.loading, directory: dirname(other) };
  const documents = await readDocuments(other, loading.lookup).catch((error: unknown) => {
    if (!(error instanceof ConfigurationFailure)) throw error;
    throw new ConfigurationFailure(`${shownPath(source.file)} ${path.join('.')}: ${error.message}`, { cause: error });
  });
  const theirs = documents.map((document) => canonicalModel(document, other, loading).get('services'));
  return found(service.text, theirs.find(isTreeMap) ?? new Map(), { file: other, loading }, path, trail);
}

async function found(name: string, services: TreeMap, source: Source, path: string[], trail: string[]): Promise<Tree> {
  if (services.has(name)) return extendedService(name, services, source, trail);
  const near = nearest(name, [...services.keys()]);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new ConfigurationFailure(
    `expected a service "${name}" in ${shownPath(source.file)} for ${path.join('.')}, seen none${hint}`,
  );
}
