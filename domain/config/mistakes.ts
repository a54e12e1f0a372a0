import type { z } from 'zod';
import type { Mistake } from './rule';
import { fileJsonSchema, type JsonSchema } from './schema';
import { shown } from './values';
import { nearest } from './nearest';

export { nearest };

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Words a mistake for people; undefined where the schema words it itself. */
export function explain(issue: RawIssue): string | undefined {
  const seen = `, seen ${shown(issue.input)}`;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}${seen}`;
    case 'invalid_value':
      return `expected ${oneOf(issue.values.map(String))}${seen}`;
    case 'too_small':
      return tooFew(issue, seen);
    case 'too_big':
      return `expected at most ${issue.maximum}${seen}`;
    case 'unrecognized_keys':
    case 'invalid_union':
      // `mistakesIn` tells this one, because it knows more.
      return UNTOLD;
    case 'invalid_key':
      return issue.issues[0]?.message;
    default:
      return undefined;
  }
}

const UNTOLD = '';

const KINDS: Partial<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  nonoptional: 'a value',
};

function tooFew(issue: Extract<RawIssue, { code: 'too_small' }>, seen: string): string {
  if (issue.origin === 'string') return 'expected text, seen none';
  if (issue.origin === 'array') return `expected at least ${issue.minimum} in the list, seen none`;
  return `expected at least ${issue.minimum}${seen}`;
}

function oneOf(words: string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** Finds every mistake; where a schema has alternatives, it takes those of the one that fits best. */
export function mistakesIn(error: z.ZodError, input: unknown): Mistake[] {
  const mistakes = error.issues.flatMap((issue) => mistakesOf(issue, [], input));
  // A key that is missing because it is misspelt is told once, at the misspelling.
  const meant = new Set(mistakes.flatMap(({ path, message }) => meantKey(path, message)));
  return mistakes.filter(({ path }) => !meant.has(JSON.stringify(path)));
}

function meantKey(path: (string | number)[], message: string): string[] {
  const [, key] = /^unknown key, did you mean "(.+)"\?$/.exec(message) ?? [];
  return key === undefined ? [] : [JSON.stringify([...path.slice(0, -1), key])];
}

function mistakesOf(issue: Issue, above: (string | number)[], input: unknown): Mistake[] {
  const path = [...above, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, path, input) }));
  }
  if (issue.code === 'invalid_union' && issue.message === UNTOLD) {
    return bestBranch(issue.errors).flatMap((inner) => mistakesOf(inner, path, input));
  }
  return [{ path, message: issue.message }];
}

// An alternative with unknown keys was hardly meant, so those weigh more than missing keys.
function bestBranch(branches: Issue[][]): Issue[] {
  const weight = (branch: Issue[]): number =>
    branch.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length * 10 : 1), 0);
  return branches.reduce((best, branch) => (weight(branch) < weight(best) ? branch : best), branches[0] ?? []);
}

/** Words an issue of a schema that is not the configuration file's. @param keysAt lists the keys of the mapping there */
export function toldBy(keysAt: (path: Mistake['path']) => string[]): (issue: Issue) => Mistake[] {
  return (issue) => {
    const path = issue.path as Mistake['path'];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownText(key, keysAt(path)) }));
  };
}

function unknownKey(key: string, path: (string | number)[], input: unknown): string {
  return unknownText(key, allowedKeys(path, input));
}

function unknownText(key: string, allowed: string[]): string {
  const near = nearest(key, allowed);
  if (near !== undefined) return `unknown key, did you mean "${near}"?`;
  return `unknown key, expected one of ${allowed.join(', ')}`;
}

function allowedKeys(path: (string | number)[], input: unknown): string[] {
  let schemas: JsonSchema[] = [(cached ??= fileJsonSchema())];
  let value = input;
  for (const key of path) {
    schemas = schemas.flatMap((schema) => alternatives(schema, value)).flatMap((schema) => inside(schema, key));
    value = (value as Record<string | number, unknown> | undefined)?.[key];
  }
  const mappings = schemas.flatMap((schema) => alternatives(schema, value));
  return [...new Set(mappings.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}
let cached: JsonSchema | undefined;

/** Lists the alternatives of a schema without those for another `kind`. */
function alternatives(schema: JsonSchema, value: unknown): JsonSchema[] {
  const branches = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (!branches) return [schema];
  const kind = (value as { kind?: unknown } | undefined)?.kind;
  return branches.filter((branch) => {
    const { const: wanted, default: standard } = (branch.properties?.kind as JsonSchema | undefined) ?? {};
    return wanted === undefined || wanted === (kind ?? standard);
  });
}

function inside(schema: JsonSchema, key: string | number): JsonSchema[] {
  const next = schema.properties?.[key] ?? (typeof key === 'number' ? schema.items : schema.additionalProperties);
  return typeof next === 'object' && !Array.isArray(next) ? [next] : [];
}
