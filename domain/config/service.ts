import { z } from 'zod';
import { httpCheck } from './check';
import { tmpfs, volume } from './mounts';
import { hosts, networks } from './outside';
import { route } from './route';
import { absolutePath, command, duration, durationOr, port, size, variables } from './values';

const health = z.strictObject({
  endpoints: z
    .array(httpCheck)
    .prefault([])
    .meta({
      description:
        'Addresses that must all pass. When empty, Docker’s own HEALTHCHECK decides, or else that the container runs.',
      examples: [[{ path: '/health/ready' }]],
    }),
  // Absent ones stay absent, since what the image says of its HEALTHCHECK takes their place.
  attempts: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .meta({
      description:
        'How often it is tried, once each `interval`, before deploy fails. When absent: 10 times, or as long as the HEALTHCHECK of the image may take by its own interval, timeout, start period and retries.',
      examples: [60],
    }),
  interval: duration('10ms')
    .optional()
    .meta({ description: 'Time between two tries; 1s when absent.', examples: ['500ms'] }),
  restarts: z.int().min(0).max(10_000).prefault(0).meta({
    description:
      'How often its containers, all together, may end and be started again after they were healthy, until the old version goes. One more fails the release, whatever the exit code.',
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

export const serviceFields = z.strictObject({
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
    .enum(['both', 'live-only', 'once'])
    .optional()
    .meta({
      description:
        'Needed with `traffic: none`. `both`: old and new version may run at once. `live-only`: the new one starts only after the old one stopped. ' +
        '`once`: a job that runs to its end in deploy, once a release, before the other services of its version start; any exit code but 0 fails the release.',
      examples: ['live-only'],
    }),
  longest: durationOr('10m', '1s').meta({
    description: 'How long a `once` service may run before it is stopped and the release fails; at most 10m.',
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
  protocol: z
    .enum(['http1', 'h2c'])
    .optional()
    .meta({
      description:
        'What its containers speak on `port`: HTTP/1.1, or `h2c`: HTTP/2 without TLS, as gRPC servers do. Clients reach either by both.',
      examples: ['h2c'],
    }),
  timeouts: z
    .strictObject({
      answer: durationOr('5m', '100ms').meta({
        description:
          'How long it, or its client, may say nothing before the router ends the request: until an answer begins, within one, and within an upload.',
      }),
    })
    .optional()
    .meta({
      title: 'timeouts',
      description: 'How patient the router is. WebSockets may be silent for 24h whatever stands here.',
      examples: [{ answer: '1h' }],
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
      description:
        'Environment variables of the containers: text, or a reference to a secret. In text, `{slot}`, `{version}` and `{release}` stand for those of the container, ' +
        'so a service reaches another one of its own version as `http://api-{slot}:8080`; any other word in braces stays as it is, and so does the value of a reference. ' +
        'Spillway adds `SPILLWAY_SLOT`, `SPILLWAY_VERSION` and `SPILLWAY_RELEASE`.',
      examples: [{ LOG_LEVEL: 'info', API_URL: 'http://api-{slot}:8080', DATABASE_URL: { env: 'DATABASE_URL' } }],
    }),
  command: command()
    .optional()
    .meta({
      description:
        'Replaces the command of the image; `{slot}`, `{version}` and `{release}` stand for those of the container.',
      examples: [['node', 'server.js']],
    }),
  volumes: z
    .array(volume)
    .prefault([])
    .meta({
      description: 'What is mounted into the containers.',
      examples: [[{ source: 'uploads', target: '/data', shared: true }]],
    }),
  discard: z
    .array(absolutePath())
    .prefault([])
    .meta({
      description:
        'Paths whose data may be lost with each container, of every `VOLUME` of the image at which `volumes` mounts nothing. An image with another one is refused.',
      examples: [['/var/cache/nginx']],
    }),
  tmpfs: z
    .array(tmpfs)
    .optional()
    .meta({
      description:
        'Folders in memory, which are empty in each new container, as Compose writes them: a path, then options such as `size`, `mode`, `uid` and `exec`. ' +
        'As everywhere in Docker, programs in them cannot be run without `exec`. They count as memory of the container.',
      examples: [['/run', '/var/cache/nginx:size=64m,mode=1777']],
    }),
  readOnlyRoot: z
    .boolean()
    .prefault(true)
    .meta({
      description:
        'Mount the root file system read-only. `/tmp` stays writable unless `tmpfs` is written: in memory, or in a volume of the container alone where the image has files in it. ' +
        'With `false` nothing is mounted at `/tmp`, and what a container writes outside of `volumes` is lost with the next version.',
    }),
  networks: networks.optional().meta({
    description:
      'Docker networks on the target that the containers join beside their own, to reach what Spillway does not release, such as `redis:6379` of a Compose project. Nothing there finds the containers by the name of their service.',
    examples: [['shop_default']],
  }),
  hosts: hosts.optional().meta({
    description: 'Names that the containers know, with their addresses; `host-gateway` is the target itself.',
    examples: [{ 'host.docker.internal': 'host-gateway' }],
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

export type ServiceConfig = z.output<typeof serviceFields>;
