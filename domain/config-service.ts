import { z } from 'zod';
import { piecewise, httpCheckRules, serviceRules, servicesRules, untilReadable } from './config-service-rules';
import {
  absolutePath,
  command,
  duration,
  durationOr,
  headers,
  name,
  port,
  size,
  expected,
  urlPath,
  variables,
} from './config-values';

/* A service: what it is made from, how it runs, who reaches it, and when it is healthy. */

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
  path: urlPath().meta({ description: 'Path and query that is asked for.', examples: ['/health/ready'] }),
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

export const httpCheck = httpCheckFields.superRefine(httpCheckRules, untilReadable);
/** A check that stands outside of any service and so must name one. */
export const namedHttpCheck = httpCheckFields.required({ service: true }).superRefine(httpCheckRules, untilReadable);

const health = z.strictObject({
  endpoints: z
    .array(httpCheck)
    .prefault([])
    .meta({
      description:
        'Addresses that must all pass. When empty, Docker’s own HEALTHCHECK decides, or else that the container runs.',
      examples: [[{ path: '/health/ready' }]],
    }),
  attempts: z.int().min(1).max(10_000).prefault(10).meta({ description: 'How often it is tried before deploy fails.' }),
  interval: durationOr('1s', '10ms').meta({ description: 'Time between two tries.' }),
});

const HOST = expected('a host name such as shop.example.com');

const route = z.strictObject({
  port: port().meta({ description: 'Port on which the router listens.', examples: [443] }),
  host: z
    .string(HOST)
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, HOST)
    .optional()
    .meta({ description: 'Only requests for this host name, in lower case.', examples: ['shop.example.com'] }),
  path: urlPath()
    .optional()
    .meta({ description: 'Only requests whose path begins with this.', examples: ['/api'] }),
});

const VOLUME = expected('the name of a volume, or an absolute path on the target');

const volume = z.strictObject({
  source: z
    .string(VOLUME)
    .regex(/^(\/[^\0:]*|[a-zA-Z0-9][a-zA-Z0-9_.-]+)$/, VOLUME)
    .meta({ description: 'Name of a volume, or an absolute path on the target.', examples: ['uploads'] }),
  target: absolutePath().meta({ description: 'Where the container sees it.', examples: ['/data'] }),
  readOnly: z.boolean().prefault(false).meta({ description: 'The containers may only read it.' }),
  shared: z.boolean().prefault(false).meta({
    description: 'Must be true for a writable volume, because the old and the new version write to it at once.',
  }),
});

const policy = z.strictObject({
  maxSize: size()
    .optional()
    .meta({
      description: 'Size budget of the image; a larger one stops the release.',
      examples: ['500MB'],
    }),
  nonRoot: z.boolean().prefault(true).meta({ description: 'The image must not run as root.' }),
  noSecrets: z
    .boolean()
    .prefault(true)
    .meta({ description: 'No variable baked into the image may look like a secret.' }),
});

const build = z.strictObject({
  context: z
    .string()
    .min(1)
    .meta({
      description: 'Folder with the build context, relative to this file.',
      examples: ['./backend'],
    }),
  dockerfile: z
    .string()
    .min(1)
    .prefault('Dockerfile')
    .meta({ description: 'Path of the Dockerfile, relative to the context.' }),
  target: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Stage of the Dockerfile to stop at.', examples: ['runtime'] }),
  args: z
    .record(z.string(), z.string())
    .prefault({})
    .meta({
      description: 'Build arguments. They stay in the image’s history, so they may hold no secret.',
      examples: [{ NODE_ENV: 'production' }],
    }),
  maxContext: size()
    .optional()
    .meta({ description: 'Size budget of the build context.', examples: ['50MB'] }),
});

const serviceFields = z.strictObject({
  build: build.optional().meta({ description: 'Build the image from a Dockerfile, honouring `.dockerignore`.' }),
  image: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'Image to pull, or the name a build gets. `{version}` stands for the version; a digest is allowed.',
      examples: ['registry.example.com/shop/backend:{version}'],
    }),
  traffic: z.enum(['http', 'none']).prefault('http').meta({
    description: '`http`: requests reach it. `none`: a queue worker, a scheduler.',
  }),
  run: z
    .enum(['both', 'live-only'])
    .optional()
    .meta({
      description:
        'Needed with `traffic: none`. `both`: old and new version may run at once. `live-only`: the new one starts only after the old one stopped.',
      examples: ['live-only'],
    }),
  port: port()
    .optional()
    .meta({ description: 'Port on which the container listens.', examples: [8080] }),
  routes: z
    .array(route)
    .prefault([])
    .meta({
      description: 'Which requests the router sends to it.',
      examples: [[{ port: 80, path: '/api' }]],
    }),
  health: health.prefault({}).meta({ description: 'When a container counts as healthy.' }),
  replicas: z.int().min(1).max(20).prefault(1).meta({ description: 'Containers in a slot.' }),
  cpu: z
    .number()
    .min(0.01)
    .optional()
    .meta({ description: 'Cores that a replica may use.', examples: [0.5] }),
  // Docker refuses less.
  memory: size('6MiB')
    .optional()
    .meta({ description: 'Memory that a replica may use.', examples: ['512MiB'] }),
  env: variables()
    .prefault({})
    .meta({
      description: 'Environment variables of the containers: text, or a reference to a secret.',
      examples: [{ LOG_LEVEL: 'info', DATABASE_URL: { env: 'DATABASE_URL' } }],
    }),
  command: command()
    .optional()
    .meta({ description: 'Replaces the command of the image.', examples: [['node', 'server.js']] }),
  volumes: z
    .array(volume)
    .prefault([])
    .meta({
      description: 'What is mounted into the containers.',
      examples: [[{ source: 'uploads', target: '/data', shared: true }]],
    }),
  readOnlyRoot: z.boolean().prefault(true).meta({
    description: 'Mount the root file system read-only; `/tmp` stays writable.',
  }),
  stopGrace: durationOr('10s').meta({ description: 'How long a container may take to stop before it is killed.' }),
  finish: command()
    .optional()
    .meta({
      description: 'Run inside a `live-only` container before it is stopped, to let a job finish.',
      examples: [['./finish-job']],
    }),
  policy: policy.prefault({}).meta({ description: 'What the image must keep to.' }),
});

export const service = serviceFields.superRefine(serviceRules, untilReadable);
export const services = z.record(name(), service).superRefine(servicesRules, piecewise);

export type HttpCheck = z.output<typeof httpCheckFields>;
export type ServiceConfig = z.output<typeof serviceFields>;
