import { ConfigurationFailure } from '../../../domain/failures';
import { mistakeText } from '../../file/errors';
import { readText, UnreadableText } from '../../file/text';
import { canonicalService } from './canonical';
import type { ComposeReason } from './model';
import { shownPath, withAbsolutePaths } from './paths';
import { isNameOfSecret, showsSecret } from './secret-signs';
import { fill, HIDDEN_MISTAKE, type Lookup, TemplateMistake } from './template';
import { ComposeText } from './text';
import { isTreeMap, mapTree, Marked, type Tree, type TreeMap } from './tree';
import { parseCompose, shape } from './yaml';

export const RESOURCES = ['volumes', 'networks', 'secrets', 'configs'];

export interface Loading {
  lookup: Lookup;
  /** Relative paths start here. */
  directory: string;
  reasons: ComposeReason[];
  /** Files whose `include` is being read. */
  including: string[];
}

/** Each document of the file, with its variables filled in. @throws ConfigurationFailure */
export async function readDocuments(file: string, lookup: Lookup): Promise<TreeMap[]> {
  const text = await readText(file).catch((error: unknown) => {
    if (!(error instanceof UnreadableText)) throw error;
    throw new ConfigurationFailure(`expected a Compose file at ${shownPath(file)}, ${error.message}`, { cause: error });
  });
  return parseCompose(shownPath(file), text).map((document) => mapTree(document, filled(file, lookup)) as TreeMap);
}

function filled(file: string, lookup: Lookup) {
  return (given: ComposeText, path: string[]): ComposeText => {
    if (given.kind !== 'word' || !given.text.includes('$')) return given;
    try {
      return new ComposeText(fill(given.text, lookup), 'word', given.line);
    } catch (error) {
      if (!(error instanceof TemplateMistake)) throw error;
      const key = /^([\w.-]+)=/.exec(given.text)?.[1] ?? path.at(-1) ?? '';
      const isSecret = isNameOfSecret(key) || showsSecret(given.text);
      const message = isSecret ? HIDDEN_MISTAKE : error.message;
      const place = { line: given.line, path: path.join('.'), message };
      throw new ConfigurationFailure(mistakeText(shownPath(file), place), { cause: error });
    }
  };
}

/** @throws ConfigurationFailure */
export function canonicalModel(document: TreeMap, file: string, { directory, reasons }: Loading): TreeMap {
  const model = new Map(document);
  const services = document.get('services');
  if (services instanceof Marked || isTreeMap(services)) {
    const all = services instanceof Marked ? services.value : services;
    model.set(
      'services',
      isTreeMap(all) ? new Map([...all].map(([name, service]) => [name, one(name, service)])) : null,
    );
  } else if (services !== undefined && services !== null) {
    throw mistake(file, ['services'], `expected a mapping of services, seen ${shape(services)}`);
  }
  for (const key of RESOURCES) {
    const given = document.get(key);
    if (given === undefined || given === null || isTreeMap(given) || given instanceof Marked) continue;
    throw mistake(file, [key], `expected a mapping, seen ${shape(given)}`);
  }
  return model;

  function one(name: string, service: Tree): Tree {
    if (service instanceof Marked) return new Marked(service.kind, one(name, service.value));
    if (service === null) return new Map();
    if (!isTreeMap(service))
      throw mistake(file, ['services', name], `expected a mapping with \`image\` or \`build\`, seen ${shape(service)}`);
    const tell = (path: string[], text: string): void => void reasons.push({ path: ['services', name, ...path], text });
    return withAbsolutePaths(canonicalService(service, tell), directory);
  }
}

export function mistake(file: string, path: string[], message: string): ConfigurationFailure {
  return new ConfigurationFailure(mistakeText(shownPath(file), { path: path.join('.'), message }));
}
