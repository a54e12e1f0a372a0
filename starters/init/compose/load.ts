import { dirname, join, resolve } from 'node:path';
import { ConfigurationFailure } from '../../../domain/failures';
import { canonicalModel, type Loading, mistake, readDocuments, RESOURCES } from './documents';
import { ifThere, readEnvFiles, under } from './environment';
import { extended } from './extends';
import { mergeResource, mergeService } from './merge';
import { isAddress, shownAddress, shownPath } from './paths';
import { ComposeText } from './text';
import { isTreeMap, Marked, type Tree, type TreeMap, withoutMarks } from './tree';
import { shape } from './yaml';

/** Merges files as Compose does. @throws ConfigurationFailure */
export async function loadFiles(files: string[], loading: Loading): Promise<TreeMap> {
  let model: TreeMap = new Map();
  for (const file of files) {
    for (const document of await readDocuments(file, loading.lookup)) {
      const included = await includedBy(document, file, loading);
      const own = canonicalModel(document, file, loading);
      const whole = mergeModel(included, own);
      const services = whole.get('services');
      if (isTreeMap(services)) whole.set('services', await extended(services, { file, loading }));
      model = mergeModel(model, whole);
    }
  }
  return withoutMarks(model) as TreeMap;
}

function mergeModel(base: TreeMap, over: TreeMap): TreeMap {
  const merged = new Map(base);
  for (const [key, value] of over) {
    const before = merged.get(key);
    const isSection = key === 'services' || RESOURCES.includes(key);
    merged.set(key, isSection && isTreeMap(before) ? mergeSection(before, value, key) : value);
  }
  return merged;
}

function mergeSection(base: TreeMap, over: Tree, key: string): Tree {
  if (over instanceof Marked) return over.kind === 'reset' ? null : over.value;
  if (!isTreeMap(over)) return base;
  const merged = new Map(base);
  for (const [name, value] of over) {
    const before = merged.get(name);
    const isService = key === 'services' && isTreeMap(before) && isTreeMap(value);
    if (value instanceof Marked && value.kind === 'reset') merged.delete(name);
    else if (before === undefined) merged.set(name, value);
    else merged.set(name, isService ? mergeService(before, value) : mergeResource(before, value));
  }
  return merged;
}

interface Include {
  paths: string[];
  projectDirectory?: string;
  envFiles: string[];
}

/** What the files that a file includes say; what it says itself comes over that. */
async function includedBy(document: TreeMap, file: string, loading: Loading): Promise<TreeMap> {
  let model: TreeMap = new Map();
  const given = document.get('include') ?? null;
  if (given !== null && !Array.isArray(given))
    throw mistake(file, ['include'], `expected a list of files, seen ${shape(given)}`);
  for (const [index, one] of (given ?? []).entries()) {
    const include = includeOf(one);
    const path = ['include', String(index)];
    if (include.paths.length === 0) throw mistake(file, path, `expected a path, seen ${shape(one)}`);
    const away = include.paths.find(isAddress);
    if (away !== undefined)
      loading.reasons.push({ path, text: `${shownAddress(away)} was not read, since it lies on another machine` });
    else model = mergeModel(model, await loadIncluded(include, file, loading));
  }
  return model;
}

async function loadIncluded(
  { paths, projectDirectory, envFiles }: Include,
  from: string,
  loading: Loading,
): Promise<TreeMap> {
  const files = paths.map((path) => resolve(loading.directory, path));
  const including = [...loading.including, from];
  if (including.includes(files[0]!))
    throw new ConfigurationFailure(
      `expected files that do not include each other, seen ${[...including, files[0]!].map(shownPath).join(' → ')}`,
    );
  const directory = resolve(loading.directory, projectDirectory ?? dirname(files[0]!));
  const named = envFiles.filter((file) => file !== '/dev/null').map((file) => resolve(loading.directory, file));
  const used = envFiles.length > 0 ? named : await ifThere(join(directory, '.env'));
  const lookup = under(loading.lookup, await readEnvFiles(used, loading.lookup));
  const model = await loadFiles(files, { ...loading, lookup, directory, including });
  return new Map([...model].filter(([key]) => key === 'services' || RESOURCES.includes(key)));
}

function includeOf(given: Tree): Include {
  if (!isTreeMap(given)) return { paths: words(given), envFiles: [] };
  const directory = given.get('project_directory');
  return {
    paths: words(given.get('path') ?? null),
    envFiles: words(given.get('env_file') ?? null),
    ...(directory instanceof ComposeText && { projectDirectory: directory.text }),
  };
}

function words(given: Tree): string[] {
  const all = Array.isArray(given) ? given : [given];
  return all.filter((one) => one instanceof ComposeText).map(String);
}
