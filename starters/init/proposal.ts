import { Document, isMap, isPair, isScalar, type Node, type Pair } from 'yaml';
import { appConfigSchema } from '../../domain/config';
import { explain, mistakesIn } from '../../domain/config/mistakes';
import type { Mistake } from '../../domain/config/rule';
import { ConfigurationFailure } from '../../domain/failures';
import { pathText } from '../file/errors';
import { firstOf, isToDecide, type Question, questionText, together } from './questions';

export interface Proposal {
  source: string;
  content: { version: 1; app: string; services: Record<string, Record<string, unknown>> } & Record<string, unknown>;
  questions: Question[];
}

/** Asks a question in place of what the schema does not accept. @throws ConfigurationFailure when nothing is left */
export function repaired({ source, content, questions }: Proposal): Proposal {
  const rest = structuredClone(content);
  const asked = [...questions];
  // Each round takes something out, so this ends.
  for (;;) {
    const { error } = appConfigSchema.safeParse(rest, { error: explain });
    const mistakes = error ? mistakesIn(error, rest) : [];
    if (mistakes.length === 0) return { source, content: rest, questions: asked };
    for (const { path: at, message } of oneOfEach(mistakes)) {
      const path = at.map(String);
      if (path.length === 0 || (path[0] === 'services' && path.length === 1) || !remove(rest, path))
        throw nothingToRelease(source, [...asked.filter(isToDecide).map(reasonText), `${pathText(at)}: ${message}`]);
      const text = `${pathText(path.slice(2)) || path.at(-1)} was left out: ${message}`;
      asked.push({ path: path.slice(0, -1), text, importance: 'decide' });
    }
  }
}

/** What one service must leave out may mend its other mistakes, but not those of another service. */
function oneOfEach(mistakes: Mistake[]): Mistake[] {
  const places = mistakes.map(({ path }) => path.slice(0, 2).join('.'));
  return mistakes.filter((_, index) => places.indexOf(places[index]!) === index);
}

/** @param reasons why each service is left out */
export function nothingToRelease(source: string, reasons: string[]): ConfigurationFailure {
  const why = [...new Set(reasons)];
  return new ConfigurationFailure(
    `expected services in ${source} that Spillway can release, seen none${why.length > 0 ? ` (${why.join('; ')})` : ''}; ` +
      'write spillway.yaml by hand, see docs/configuration.md',
  );
}

/** With its place in front: `services.web.image: ...`. */
export function reasonText(question: Question): string {
  const place = pathText(question.path);
  return `${place === '' || place === 'services' ? '' : `${place}: `}${questionText(question)}`;
}

function remove(content: unknown, path: string[]): boolean {
  for (let length = path.length; length > 0; length--) {
    const parent = path
      .slice(0, length - 1)
      .reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], content);
    const key = path[length - 1]!;
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) continue;
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete (parent as Record<string, unknown>)[key];
    return true;
  }
  return false;
}

/** Writes what is to be decided above what it is about, and each note once. */
export function proposalText({ source, content, questions }: Proposal): string {
  const document = new Document(content);
  compact(document.contents as Node);
  for (const question of questions.filter(isToDecide)) comment(document, question.path, `? ${questionText(question)}`);
  for (const { key, services, text } of together(questions.filter((question) => !isToDecide(question)))) {
    const [first, ...others] = services;
    const path = [...(first === undefined ? [] : ['services', first]), ...(key === '' ? [] : key.split('.'))];
    comment(
      document,
      path,
      `note: ${text}${others.length > 0 ? ` (the same holds for ${firstOf(others).join(', ')})` : ''}`,
    );
  }
  return [
    '# yaml-language-server: $schema=node_modules/spillway/spillway.schema.json',
    `# Proposed by \`spillway init\` from ${source}. Comments that begin with a question mark ask for a decision before the`,
    '# first release; notes are good to know. Delete them, then run `spillway validate` and `spillway plan`.',
    '# Every key: docs/configuration.md',
    document.toString({ lineWidth: 0, flowCollectionPadding: true }),
    FOOTER,
  ].join('\n');
}

const FOOTER = `# Give the new version a growing share of the traffic and judge it, before it gets all of it:
# canary:
#   steps:
#     - { weight: 10, soak: 1m }
#     - { weight: 50, soak: 1m }
#   limits: { errorRate: 5, p95: 1s, healthFailures: 3 }

# What differs between environments:
# environments:
#   staging:
#   production:
#     services:
#       ${'NAME'}: { replicas: 2 }
`;

function comment(document: Document, path: string[], text: string): void {
  const note = ` ${text}`;
  const place = pairAt(document, path);
  const key = place?.key;
  if (isScalar(key)) key.commentBefore = key.commentBefore ? `${key.commentBefore}\n${note}` : note;
  else document.commentBefore = document.commentBefore ? `${document.commentBefore}\n${note}` : note;
}

function pairAt(document: Document, path: string[]): Pair | undefined {
  let node: unknown = document.contents;
  let last: Pair | undefined;
  for (const key of path) {
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    if (!isPair(pair)) return last;
    last = pair;
    node = pair.value;
  }
  return last;
}

// Small mappings read best on one line: `{ port: 80 }`, `{ env: NAME }`.
function compact(node: Node): void {
  if (!('items' in node)) return;
  const items = node.items as (Pair | Node)[];
  const values = items.map((item) => (isPair(item) ? (item.value as Node) : item));
  values.filter((value) => typeof value === 'object' && value !== null).forEach(compact);
  const isSmall = isMap(node) && items.length <= 2 && values.every((value) => isScalar(value));
  const isWords = !isMap(node) && values.every((value) => isScalar(value));
  if (isSmall || isWords) (node as { flow?: boolean }).flow = true;
}
