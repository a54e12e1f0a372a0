import { z } from 'zod';
import { plainHost } from '../routes';
import { expected, port, shown } from './values';

/** Longer ones would not fit into a line of nginx's configuration, where a character takes up to 12. */
const LONGEST_PATH = 300;

const HOST = expected('a host name such as shop.example.com, or *.example.com for all names below it');
const PATH = expected('a path that starts with /');

const host = z
  .string(HOST)
  .transform((given, context) => {
    const plain = plainHost(given);
    const wrong = wrongHost(plain, given);
    if (wrong !== undefined) context.addIssue(wrong);
    return plain;
  })
  .meta({
    description:
      'Only requests for this host; `*.example.com` stands for all names that end in it. Upper case, a last dot and the port of a request do not count.',
    examples: ['shop.example.com'],
  });

const path = z
  .string(PATH)
  .regex(/^\//, PATH)
  .superRefine((given, context) => {
    const wrong = wrongPath(given);
    if (wrong !== undefined) context.addIssue(wrong);
  })
  .meta({
    description: 'Only requests for this path and those below it: `/api` stands for `/api` and `/api/x`, not `/api2`.',
    examples: ['/api'],
  });

export const route = z.strictObject({
  port: port().meta({ description: 'Port on which the router listens.', examples: [443] }),
  host: host.optional(),
  path: path.optional(),
  exact: z
    .boolean()
    .optional()
    .meta({ description: 'Only requests for exactly this `path`, and none below it.', examples: [true] }),
});

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);

/** Answers what is wrong, in the words of an error. */
function wrongHost(host: string, given: string): string | undefined {
  const seen = `seen ${shown(given)}`;
  if (/^\[[0-9a-f:.]+\]$/.test(host) && URL.canParse(`http://${host}/`)) return undefined;
  if (/[^\0-\x7f]/.test(host)) return `expected a host name in punycode, ${seen}: write ${punycode(host)}`;
  if (host === '*') return `expected a host name, ${seen}: leave \`host\` out for any host`;
  if (host.includes('://')) return `expected a host name without scheme or path, ${seen}: write only the name`;
  if (/^[^:]+:\d*$/.test(host))
    return `expected a host name without a port, ${seen}: \`port\` says on which port it is`;
  if (host.includes('*') && !/^\*\.[^*]+$/.test(host))
    return `expected * only in front, as in *.example.com, ${seen}: give each name a route of its own`;
  return NAME.test(host) && host.length <= 253 ? undefined : HOST.error({ input: given });
}

function punycode(host: string): string {
  const name = host.replace(/^\*\./, '');
  if (!URL.canParse(`http://${name}/`)) return 'it as your registrar shows it, such as xn--bcher-kva.example';
  return host.slice(0, -name.length) + new URL(`http://${name}/`).hostname;
}

/** Answers what is wrong, in the words of an error. What does not start with / was told already. */
function wrongPath(path: string): string | undefined {
  const seen = `seen ${shown(path)}`;
  if (!path.startsWith('/')) return undefined;
  if (path.includes('?')) return `expected a path without a query, ${seen}: routes do not look at what follows the ?`;
  if (path.includes('#')) return `expected a path without a fragment, ${seen}: no request carries what follows a #`;
  if (/[\s\p{Cc}\p{Cs}]/u.test(path))
    return `expected a path without spaces and control characters, ${seen}: write a space as %20`;
  if (/%(?![0-9a-f]{2})/i.test(path)) return `expected two hexadecimal digits after each %, ${seen}: write % as %25`;
  if (/%[01][0-9a-f]|%7f/i.test(path)) return `expected a path without control characters, ${seen}`;
  if (path.includes('*')) return `expected a path without *, ${seen}: a path stands for all below it as well`;
  if (/(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i.test(path))
    return `expected a path without the segments . and .., ${seen}: write the path to which they lead`;
  return path.length <= LONGEST_PATH ? undefined : `expected at most ${LONGEST_PATH} characters, seen ${path.length}`;
}
