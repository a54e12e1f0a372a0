import { z } from 'zod';
import { isSecretName, looksSecret } from '../containers/secret-looks';
import { parseDuration, parseSize } from '../units';

export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return looksSecret(value) ? 'a secret (not shown)' : `"${shortened(value)}"`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  const [[key, inner] = [], ...others] = Object.entries(value as object) as [string?, unknown?][];
  // YAML takes a `{version}` without quotes for a mapping.
  const isBraces = key !== undefined && inner === null && others.length === 0;
  return isBraces ? `the mapping {${shortened(key)}}; if it is a text, write it in quotes` : 'a mapping';
}

export function expected(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `expected ${what}, seen ${shown(input)}` };
}

export function expectedOne(key: string, names: string) {
  return {
    error: ({ code, input }: { code?: string; input?: unknown }): string | undefined => {
      if (code !== 'invalid_union') return undefined;
      const isMapping = typeof input === 'object' && input !== null;
      return expected(names).error({ input: isMapping ? (input as Record<string, unknown>)[key] : undefined });
    },
  };
}

// Timers of Node overflow after 24.8 days.
const LONGEST = 24 * 86_400_000;

export const duration = (least = '0s') => {
  const right = expected('a duration such as 500ms, 30s, 5m or 24h');
  return z
    .string(right)
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, right)
    .meta({ title: 'duration' })
    .transform((text, context) => {
      const milliseconds = parseDuration(text) ?? 0;
      if (milliseconds < parseDuration(least)!) context.addIssue(`expected at least ${least}, seen "${text}"`);
      if (milliseconds > LONGEST) context.addIssue(`expected at most 24d, seen "${text}"`);
      return milliseconds;
    });
};
export const durationOr = (standard: string, least?: string) => duration(least).prefault(standard);

export const size = (least = '1B', most?: string) => {
  const right = expected('a size such as 350MB or 1GiB');
  return z
    .string(right)
    .regex(/^\d+(\.\d+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/, right)
    .meta({ title: 'size' })
    .transform((text, context) => {
      const bytes = parseSize(text) ?? 0;
      if (bytes < parseSize(least)!) context.addIssue(`expected at least ${least}, seen "${text}"`);
      if (most && bytes > parseSize(most)!) context.addIssue(`expected at most ${most}, seen "${text}"`);
      return bytes;
    });
};

const NAME = expected('2 to 40 lower-case letters, digits and dashes that start with a letter');
export const name = () =>
  z
    .string(NAME)
    .regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/, NAME)
    .meta({ title: 'name' });

export const port = () => z.int().min(1).max(65_535).meta({ title: 'port' });

const COMMAND = expected('a list of words such as ["npm", "run", "check"]');
export const command = () => z.array(z.string(), COMMAND).min(1).meta({ title: 'command' });

const URL_PATH = expected('a path that starts with /');
export const urlPath = () => z.string(URL_PATH).regex(/^\/\S*$/, URL_PATH);

const ABSOLUTE = expected('an absolute path');
export const absolutePath = () => z.string(ABSOLUTE).regex(/^\/[^\0]*$/, ABSOLUTE);

const filled = () => z.string().min(1);

/** A secret's value never belongs in the configuration, so errors do not show what stands in its place. */
export const secret = z
  .union(
    [
      z.strictObject({
        env: filled().meta({
          description: 'Name of a variable in the environment of the worker.',
          examples: ['DB_URL'],
        }),
      }),
      z.strictObject({
        file: filled().meta({
          description:
            'Path of a file on the machine of the worker, relative to this file; `~/` is the home of the worker.',
          examples: ['/run/secrets/db-url'],
        }),
      }),
    ],
    {
      error: ({ input }) =>
        `expected a secret as {env: NAME} or {file: PATH}, seen ${typeof input === 'string' ? 'plain text' : shown(input)}`,
    },
  )
  .meta({ title: 'secret' });

const TEXT_OR_SECRET = expected('text in quotes, or a secret as {env: NAME} or {file: PATH}');
const VARIABLE_NAME = expected('a name of letters, digits and _ that does not start with a digit');

export const variables = () =>
  z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, VARIABLE_NAME), z.union([z.string(), secret], TEXT_OR_SECRET))
    .superRefine(refuseSecrets(isPlainSecret))
    .meta({ title: 'variables' });

const HEADER = expected('the name of a header such as X-Scope-OrgID');

export const headers = () =>
  z
    .record(z.string(HEADER).regex(/^[A-Za-z0-9-]+$/, HEADER), z.union([z.string(), secret], TEXT_OR_SECRET))
    .superRefine(refuseSecrets(isPlainCredential))
    .meta({ title: 'variables' });

type IsSecret = (key: string, value: string) => boolean;

function refuseSecrets(isSecret: IsSecret) {
  return (all: Record<string, unknown>, context: z.core.$RefinementCtx): void => {
    for (const [key, value] of Object.entries(all)) {
      if (typeof value === 'string' && isSecret(key, value)) context.addIssue(plainSecret([key]));
    }
  };
}

function isPlainCredential(header: string, value: string): boolean {
  return /^(proxy-authorization|authorization|cookie)$/i.test(header) || isPlainSecret(header, value);
}

export function isPlainSecret(key: string, value: string): boolean {
  return value !== '' && (isSecretName(key) || looksSecret(value));
}

/** The configuration becomes part of a release's history, where anybody may read it. */
function plainSecret(path: (string | number)[]) {
  return {
    code: 'custom' as const,
    path,
    message: 'expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
  };
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
