import { z } from 'zod';
import { parseDuration, parseSize } from './units';

/*
 * The one declaration of `spillway.yaml`: the types, the error texts, the editors' JSON Schema and
 * docs/configuration.md all come from here. Durations become milliseconds and sizes bytes when it is parsed.
 */

const duration = () =>
  z.string().transform((text, context) => {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined) return milliseconds;
    context.addIssue({ code: 'custom', message: `expected a duration such as 500ms, 30s, 5m or 24h, seen "${text}"` });
    return z.NEVER;
  });
const durationOr = (standard: string) => duration().prefault(standard);

const size = () =>
  z.string().transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: 'custom', message: `expected a size such as 350MB or 1GiB, seen "${text}"` });
    return z.NEVER;
  });

const name = () =>
  z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/,
      'expected 2–40 lower-case letters, digits and dashes, starting with a letter',
    );
const port = () => z.int().min(1).max(65_535);
const percent = () => z.number().min(0).max(100);
const command = () => z.array(z.string()).min(1);

const secret = z
  .union([
    z.strictObject({ env: z.string().meta({ description: 'Name of a variable in the environment of the worker.' }) }),
    z.strictObject({ file: z.string().meta({ description: 'Path of a file on the machine of the worker.' }) }),
  ])
  .meta({ description: 'Where the value of a secret is found. The value itself never stands in the configuration.' });

const variables = z
  .record(z.string(), z.union([z.string(), secret]))
  .meta({ description: 'Environment variables of the containers: plain text, or a reference to a secret.' });

const httpCheck = z.strictObject({
  name: z.string().optional().meta({ description: 'What it is called in reports; the path when absent.' }),
  service: name()
    .optional()
    .meta({ description: 'Which service is asked; needed in `smoke.checks`, implied in a service.' }),
  path: z.string().startsWith('/').meta({ description: 'Path and query, such as `/health/ready`.' }),
  fallback: z
    .string()
    .startsWith('/')
    .optional()
    .meta({ description: 'A second path that is asked when the first does not pass.' }),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']).prefault('GET'),
  headers: z.record(z.string(), z.string()).prefault({}),
  body: z.string().optional(),
  status: z.array(z.int().min(100).max(599)).min(1).prefault([200]).meta({ description: 'Status codes that pass.' }),
  json: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .prefault({})
    .meta({ description: 'Fields of a JSON answer and the value each must have, such as `database.status: healthy`.' }),
  contains: z.string().optional().meta({ description: 'Text that the answer must contain.' }),
  timeout: durationOr('2s'),
  maxLatency: duration().optional().meta({ description: 'An answer slower than this does not pass.' }),
});

const health = z.strictObject({
  endpoints: z
    .array(httpCheck)
    .prefault([])
    .meta({ description: 'All must pass. Empty: Docker’s own HEALTHCHECK, or that it runs.' }),
  attempts: z.int().min(1).prefault(10),
  interval: durationOr('1s'),
});

const route = z.strictObject({
  port: port().meta({ description: 'Port on which the router listens.' }),
  host: z.string().optional().meta({ description: 'Only requests for this host name.' }),
  path: z.string().startsWith('/').optional().meta({ description: 'Only requests whose path begins with this.' }),
});

const volume = z.strictObject({
  source: z.string().meta({ description: 'Name of a volume, or an absolute path on the target.' }),
  target: z.string().startsWith('/'),
  readOnly: z.boolean().prefault(false),
  shared: z
    .boolean()
    .prefault(false)
    .meta({ description: 'Must be true for a writable volume: both slots write to it at once.' }),
});

const policy = z.strictObject({
  maxSize: size().optional().meta({ description: 'Size budget of the image; a larger one stops the release.' }),
  nonRoot: z.boolean().prefault(true).meta({ description: 'The image must not run as root.' }),
  noSecrets: z
    .boolean()
    .prefault(true)
    .meta({ description: 'No variable baked into the image may look like a secret.' }),
});

const service = z.strictObject({
  build: z
    .strictObject({
      context: z.string().meta({ description: 'Folder with the build context, relative to this file.' }),
      dockerfile: z.string().prefault('Dockerfile').meta({ description: 'Relative to the context.' }),
      target: z.string().optional(),
      args: z.record(z.string(), z.string()).prefault({}),
      maxContext: size().optional().meta({ description: 'Size budget of the build context.' }),
    })
    .optional()
    .meta({ description: 'Build the image from a Dockerfile, honouring `.dockerignore`.' }),
  image: z
    .string()
    .optional()
    .meta({
      description: 'Image to pull, or the name a build gets. `{version}` stands for the version; a digest is allowed.',
    }),
  traffic: z.enum(['http', 'none']).prefault('http'),
  run: z
    .enum(['both', 'live-only'])
    .optional()
    .meta({ description: 'Needed with `traffic: none`: may both versions run at once?' }),
  port: port().optional().meta({ description: 'Port on which the container listens.' }),
  routes: z.array(route).prefault([]),
  health: health.prefault({}),
  replicas: z.int().min(1).max(20).prefault(1),
  cpu: z.number().positive().optional().meta({ description: 'Cores a replica may use.' }),
  memory: size().optional().meta({ description: 'Memory a replica may use.' }),
  env: variables.prefault({}),
  command: command().optional(),
  volumes: z.array(volume).prefault([]),
  readOnlyRoot: z
    .boolean()
    .prefault(true)
    .meta({ description: 'Mount the root file system read-only; `/tmp` stays writable.' }),
  stopGrace: durationOr('10s').meta({ description: 'How long a container may take to stop.' }),
  finish: command()
    .optional()
    .meta({ description: 'Run inside a `live-only` container before it is stopped, to let a job finish.' }),
  policy: policy.prefault({}),
});

const database = z.strictObject({
  driver: z.enum(['postgres']),
  url: secret.meta({ description: 'Connection string, as a secret.' }),
  migrations: z
    .union([
      z.strictObject({
        directory: z
          .string()
          .meta({ description: 'Folder with `NAME.up.sql` and `NAME.down.sql`, applied in the order of their names.' }),
      }),
      z.strictObject({
        status: command().meta({ description: 'Prints one line a migration: `applied NAME` or `pending NAME`.' }),
        up: command().meta({ description: 'Applies what is pending.' }),
        down: command().meta({
          description: 'Reverts down to (not including) the migration named by `{to}`; `{last}` is the newest.',
        }),
        cwd: z.string().prefault('.'),
        env: variables.prefault({}),
      }),
    ])
    .optional(),
  verify: command().optional().meta({ description: 'Run after the migrations; a non-zero exit code undoes them.' }),
  onRollback: z.enum(['revert', 'restore', 'keep']).prefault('revert'),
  statementTimeout: durationOr('60s'),
  lockTimeout: durationOr('5s').meta({
    description: 'How long a migration may wait for a lock before it fails rather than block the live version.',
  }),
});

const limits = z.strictObject({
  errorRate: percent().optional().meta({ description: 'Most per cent of requests that may fail (5xx or no answer).' }),
  p95: duration().optional().meta({ description: 'Slowest 95th percentile of the latency.' }),
  healthFailures: z.int().min(1).optional().meta({ description: 'Consecutive failed probes that fail it.' }),
  minRequests: z
    .int()
    .min(0)
    .prefault(20)
    .meta({ description: 'Fewer requests than this are no evidence: `inconclusive`.' }),
});

const canary = z.strictObject({
  steps: z.array(z.strictObject({ weight: percent(), soak: durationOr('30s') })).prefault([]),
  interval: durationOr('1s').meta({ description: 'Time between samples.' }),
  limits: limits.prefault({}),
  affinity: z
    .boolean()
    .prefault(true)
    .meta({ description: 'A visitor stays on one slot, across services, while the share does not change.' }),
  inconclusive: z.enum(['hold', 'fail', 'continue']).prefault('hold'),
  holdTimeout: durationOr('1h').meta({
    description: 'How long an inconclusive canary waits for a person before it fails.',
  }),
});

const router = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('haproxy'),
    image: z.string().prefault('haproxy:2.8').meta({ description: 'Image of the router that Spillway runs.' }),
    directory: z
      .string()
      .prefault('/var/lib/spillway/haproxy')
      .meta({ description: 'Folder on the target for configuration, maps and sockets.' }),
    attach: z
      .strictObject({
        masterSocket: z
          .string()
          .meta({ description: 'Path of the master socket (`-S`) of the HAProxy that is there.' }),
        directory: z.string().meta({ description: 'Folder given to it with an extra `-f`.' }),
      })
      .optional()
      .meta({ description: 'Use an HAProxy that is already there instead of running one.' }),
    tls: z
      .strictObject({ certificates: z.string(), ports: z.array(port()).min(1) })
      .optional()
      .meta({ description: 'Folder with PEM files, and the ports that speak TLS.' }),
    errorPage: z.string().optional().meta({ description: 'HTML file shown when no version answers.' }),
  }),
  z.strictObject({
    kind: z.literal('nginx'),
    image: z.string().prefault('nginx:1.28'),
    directory: z.string().prefault('/var/lib/spillway/nginx'),
    attach: z
      .strictObject({
        directory: z
          .string()
          .meta({ description: 'Folder that its `http` block includes (`include DIRECTORY/*.conf;`).' }),
        test: command().prefault(['nginx', '-t']),
        reload: command().prefault(['nginx', '-s', 'reload']),
      })
      .optional(),
    tls: z.strictObject({ certificate: z.string(), key: z.string(), ports: z.array(port()).min(1) }).optional(),
    errorPage: z.string().optional(),
  }),
]);

const target = z.strictObject({
  kind: z.literal('docker').prefault('docker'),
  host: z
    .string()
    .regex(/^(unix|tcp|ssh):\/\/.+/, 'expected unix://PATH, tcp://HOST:PORT or ssh://USER@HOST')
    .optional()
    .meta({ description: 'Docker engine; absent: `DOCKER_HOST` of the worker, or the local socket.' }),
  tls: z
    .strictObject({ ca: z.string(), cert: z.string(), key: z.string() })
    .optional()
    .meta({ description: 'Paths of PEM files for a tcp:// host.' }),
  sshKey: secret
    .optional()
    .meta({ description: 'Private key for an ssh:// host; absent: the SSH agent of the worker.' }),
  addressPool: z
    .string()
    .prefault('10.210.0.0/16')
    .meta({ description: 'Each environment gets a /24 of this for its network.' }),
  stateDirectory: z
    .string()
    .prefault('/var/lib/spillway/state')
    .meta({ description: 'Folder on the target for the ledger and backups.' }),
  helperImage: z
    .string()
    .prefault('alpine/socat')
    .meta({ description: 'Image with a shell and socat, used to reach things on a remote host.' }),
});

const settings = {
  services: z.record(name(), service).refine((all) => Object.keys(all).length > 0, 'expected at least one service'),
  database: database.optional(),
  target: target.prefault({}),
  router: router.prefault({ kind: 'haproxy' }),
  backup: z
    .strictObject({
      keep: z.int().min(1).prefault(5),
      volumes: z.array(z.string()).prefault([]).meta({ description: 'Names of volumes that are saved too.' }),
    })
    .prefault({}),
  smoke: z
    .strictObject({
      checks: z.array(httpCheck.required({ service: true })).prefault([]),
      watch: durationOr('0s').meta({ description: 'How long the checks are repeated after they passed.' }),
      failures: z.int().min(1).prefault(3).meta({ description: 'Consecutive failures that fail it.' }),
      interval: durationOr('1s'),
    })
    .prefault({}),
  canary: canary.prefault({}),
  approve: z
    .strictObject({
      required: z.boolean().prefault(false),
      by: z.array(z.string()).prefault([]).meta({ description: 'Who may approve; empty: anyone.' }),
      timeout: durationOr('24h').meta({ description: 'No answer within this time counts as a rejection.' }),
    })
    .prefault({}),
  verify: z
    .strictObject({ wait: durationOr('0s'), maxLatency: duration().optional(), maxMemory: size().optional() })
    .prefault({}),
  bake: z.strictObject({ soak: durationOr('0s'), limits: limits.optional() }).prefault({}),
  drain: z
    .strictObject({ cap: durationOr('30s').meta({ description: 'Longest wait for requests in flight.' }) })
    .prefault({}),
  retire: z.strictObject({ keepImages: z.int().min(1).prefault(3) }).prefault({}),
  deadline: durationOr('24h').meta({ description: 'The longest a release may take before it is rolled back.' }),
  features: z
    .record(z.string(), z.union([z.string(), z.boolean(), z.number()]))
    .prefault({})
    .meta({
      description: 'Feature flags, given to every service as `FEATURE_<NAME>`.',
    }),
};

/** The configuration of one environment: the base of the file with that environment's overrides merged in. */
export const appConfigSchema = z.strictObject({ version: z.literal(1), app: name(), ...settings });

/** The whole file. `environments` holds overrides; each is checked after it was merged into the base. */
export const fileSchema = appConfigSchema.extend({
  environments: z.record(name(), z.record(z.string(), z.unknown())).prefault({}).meta({
    description:
      'Environments by name; each may override any setting above. Objects are merged, lists and values replaced.',
  }),
});

export type AppConfig = z.output<typeof appConfigSchema>;
export type ServiceConfig = z.output<typeof service>;
export type HttpCheck = z.output<typeof httpCheck>;
export type HealthConfig = z.output<typeof health>;
export type Limits = z.output<typeof limits>;
export type SecretReference = z.output<typeof secret>;
export type Variables = z.output<typeof variables>;
export type DatabaseConfig = z.output<typeof database>;
export type TargetConfig = z.output<typeof target>;
export type RouterConfig = z.output<typeof router>;
export type RouteConfig = z.output<typeof route>;
