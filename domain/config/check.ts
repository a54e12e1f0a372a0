import { z } from 'zod';
import { GRPC_HEALTH_PATH } from '../grpc-health';
import { mistake, untilReadable, type Context } from './rule';
import { duration, durationOr, expected, headers, name, urlPath } from './values';

const httpCheckFields = z.strictObject({
  name: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'What the check is called in reports; its path when absent.',
      examples: ['ready'],
    }),
  service: name()
    .optional()
    .meta({
      description: 'Which service is asked. Needed in `smoke.checks`; inside a service it is that service.',
      examples: ['backend'],
    }),
  path: urlPath()
    .optional()
    .meta({
      description: 'Path and query that is asked for; needed unless `grpc` is there.',
      examples: ['/health/ready'],
    }),
  grpc: z
    .string()
    .max(200)
    .optional()
    .meta({
      description:
        'Instead of a path: the gRPC service whose health is asked (`grpc.health.v1.Health/Check`), or `""` for the server as a whole. It passes when that is SERVING. Only for services with `protocol: h2c`.',
      examples: ['shop.Orders'],
    }),
  fallback: urlPath()
    .optional()
    .meta({
      description: 'A second path that is asked when the first does not pass.',
      examples: ['/health'],
    }),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']).prefault('GET').meta({ description: 'HTTP method.' }),
  headers: headers()
    .prefault({})
    .meta({
      description:
        'Headers that are sent: text, or a reference to a secret. That of `Authorization` is the whole value, such as `Bearer …`.',
      examples: [{ Accept: 'application/json', Authorization: { env: 'HEALTH_AUTHORIZATION' } }],
    }),
  body: z
    .string()
    .optional()
    .meta({ description: 'Body that is sent.', examples: ['{"amount": 1}'] }),
  status: z
    .array(z.int().min(100).max(599))
    .min(1)
    .prefault([200])
    .meta({ description: 'Status codes that pass.', examples: [[200, 204]] }),
  json: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()], expected('text, a number, true or false')))
    .prefault({})
    .meta({
      description: 'Fields of a JSON answer, as dotted paths, and the value each must have.',
      examples: [{ 'database.status': 'healthy' }],
    }),
  contains: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Text that the answer must contain.', examples: ['Sign in'] }),
  timeout: durationOr('2s', '1ms').meta({ description: 'How long an answer may take before the check gives up.' }),
  maxLatency: duration('1ms')
    .optional()
    .meta({
      description: 'An answer slower than this does not pass.',
      examples: ['1s'],
    }),
});

export const httpCheck = httpCheckFields.superRefine(httpCheckRules, untilReadable).transform(withPath);
export const namedHttpCheck = httpCheckFields
  .required({ service: true })
  .superRefine(httpCheckRules, untilReadable)
  .transform(withPath);

export type HttpCheck = z.output<typeof httpCheck>;
type Fields = z.output<typeof httpCheckFields>;

function withPath<Check extends Fields>(check: Check): Check & { path: string } {
  return { ...check, path: check.path ?? GRPC_HEALTH_PATH };
}

function grpcRules(check: Fields, context: Context): void {
  if (check.grpc === undefined) {
    if (check.path === undefined)
      mistake(context, ['path'], 'expected a path that starts with /, or `grpc`, seen neither');
    return;
  }
  const { path, fallback, method, body, status, json, contains } = check;
  const given = {
    path,
    fallback,
    body,
    contains,
    method: method === 'GET' ? undefined : method,
    status: status.join() === '200' ? undefined : status,
    json: Object.keys(json).length === 0 ? undefined : json,
  };
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined) mistake(context, [key], 'expected nothing beside `grpc`, which says all that is asked');
  }
}

function httpCheckRules(check: Fields, context: Context): void {
  grpcRules(check, context);
  if (check.method === 'HEAD' && (check.contains !== undefined || Object.keys(check.json).length > 0)) {
    mistake(
      context,
      ['method'],
      'expected a method whose answer has a body, because `json` or `contains` looks into it, seen "HEAD"',
    );
  }
  if (check.maxLatency !== undefined && check.maxLatency > check.timeout) {
    mistake(context, ['maxLatency'], 'expected no more than `timeout`, after which nobody waits for the answer');
  }
}
