import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Document, type LineCounter, type YAMLMap } from 'yaml';
import type { Mistake } from '../../domain/config/rule';

export interface LocatedMistake {
  /** Begins at 1; absent when the file has no such place, as when it is empty. */
  line?: number;
  /** The path is such as `services.backend.routes[0].port`, and empty for the whole file. */
  path: string;
  message: string;
}

export interface Source {
  file: string;
  text: string;
  document: Document;
  lines: LineCounter;
}

type Path = (string | number)[];

/** `spillway.yaml:12 services.backend.memroy: unknown key, did you mean "memory"?` */
export function mistakeText(file: string, { line, path, message }: LocatedMistake): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path === '' ? `${place} ${message}` : `${place} ${path}: ${message}`;
}

type Parsed = Pick<Source, 'lines' | 'text'> & { document: Pick<Document, 'errors' | 'warnings'> };

export function yamlMistakes({ document, lines, text }: Parsed): LocatedMistake[] {
  const all = [...document.errors, ...document.warnings];
  // After this one the parser has lost its place, and all others are wrong.
  const overflow = all.find(({ message }) => message.startsWith('Maximum call stack'));
  const told = (overflow ? [overflow] : all).map(({ code, message, pos: [start] }) => {
    const { line } = lines.linePos(start);
    if (code === 'DUPLICATE_KEY')
      return { line, message: `the key "${wordAt(text, start)}" stands twice in the same mapping`, hint: '' };
    const hint = bracesHint(text, start);
    return { line, message: `${yamlText({ code, message })}${hint}`, hint };
  });
  return withoutConsequences(told).map(({ line, message }) => ({ line, path: '', message }));
}

/** After a text with braces the parser misunderstands the rest of the line, and often that of the file. */
function withoutConsequences<T extends { line: number; hint: string }>(told: T[]): T[] {
  const first = told.findIndex(({ hint }) => hint !== '');
  if (first < 0) return told;
  const causes = told.filter(({ hint }) => hint !== '');
  return [...told.slice(0, first), ...causes.filter(({ line }, at) => line !== causes[at - 1]?.line)];
}

function yamlText({ code, message }: { code: string; message: string }): string {
  // The parser would tell programmers which function to call.
  if (code === 'MULTIPLE_DOCS') return 'expected one YAML document, seen another one; remove the line `---` before it';
  if (message.startsWith('Maximum call stack')) return 'expected at most some hundred levels, seen more';
  return `not valid YAML: ${firstLine(message)}`;
}

/** Looks in the overrides, then in the base. A missing key is shown at the mapping that should have it. */
export function locate(
  source: Source,
  { path, message }: Mistake,
  environment: string,
): LocatedMistake & { overridden: boolean } {
  const prefix = ['environments', environment];
  const base = walk(source.document, path);
  const override = walk(source.document, [...prefix, ...path]);
  const reached = override.depth - prefix.length;
  const overridden = path.length > 0 && (reached > base.depth || reached === path.length);
  const { offset } = overridden ? override : base;
  return {
    line: offset === undefined ? undefined : source.lines.linePos(offset).line,
    path: pathText(overridden ? [...prefix, ...path] : path),
    message,
    overridden,
  };
}

export function locateInFile(source: Source, { path, message }: Mistake): LocatedMistake {
  const { offset } = walk(source.document, path);
  return { line: offset === undefined ? undefined : source.lines.linePos(offset).line, path: pathText(path), message };
}

export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const word = /[.\s[\]]/.test(key) ? JSON.stringify(key) : key;
    return text === '' ? word : `${text}.${word}`;
  }, '');
}

function walk(document: Document, path: Path): { depth: number; offset: number | undefined } {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const [depth, key] of path.entries()) {
    const found = child(document, node, key);
    if (!found) return { depth, offset };
    node = found.value;
    offset = found.offset ?? offset;
  }
  return { depth: path.length, offset };
}

interface Found {
  value: unknown;
  offset: number | undefined;
}

function child(document: Document, node: unknown, key: string | number): Found | undefined {
  const parent = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(parent) && typeof key === 'number') {
    const value = parent.items[key];
    return value === undefined ? undefined : { value, offset: offsetOf(value) };
  }
  return isMap(parent) ? inMap(document, parent, String(key)) : undefined;
}

function inMap(document: Document, map: YAMLMap, key: string): Found | undefined {
  const pair = map.items.find((item) => keyOf(item.key) === key);
  if (pair) return { value: pair.value, offset: offsetOf(pair.key) };
  const merged = map.items.filter((item) => keyOf(item.key) === '<<').map(({ value }) => value);
  for (const source of merged.flatMap((value) => (isSeq(value) ? value.items : [value]))) {
    const found = child(document, source, key);
    if (found) return found;
  }
  return undefined;
}

function keyOf(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

function offsetOf(node: unknown): number | undefined {
  if (isPair(node)) return offsetOf(node.key);
  return isNode(node) ? node.range?.[0] : undefined;
}

function wordAt(text: string, offset: number): string {
  return /^["']?([^"':\n]*)/.exec(text.slice(offset))?.[1]?.trim() ?? '';
}

function lineAt(text: string, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n', 1)[0]!;
}

/** What stands in front of a value: dashes of a list, and the key. */
const KEY = /^\s*(?:-\s+)*(?:[^\s:]+:\s+)?/;

/** Is empty unless a text with braces stands without quotes where the parser stopped, as in `{image: shop:{version}}`. */
export function bracesHint(text: string, offset: number): string {
  const unquoted = lineAt(text, offset).replace(/"[^"]*"|'[^']*'|(^|\s)#.*$/g, ' ');
  const values = (unquoted.match(/(?:[^,{}[\]]|\{\w+\})+/g) ?? []).map((part) => part.replace(KEY, '').trim());
  // Braces alone are a mapping, which another mistake explains.
  const found = values.find((value) => /\{\w+\}/.test(value) && !/^\{\w+\}$/.test(value));
  return found === undefined ? '' : `; write "${found}" in quotes, since YAML takes the {…} in it for a mapping`;
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!;
}
