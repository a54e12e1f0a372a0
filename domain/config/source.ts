import { z } from 'zod';
import { metricSettings } from './metric';
import { command as words, durationOr, expected, headers, secret, variables } from './values';
import { formatDuration } from '../units';

const HTTP = expected('an address such as https://prometheus.example.com:9090');
const filled = () => z.string().min(1);

/** Preflight asks every source, and must not wait longer than this for any. */
const LONGEST_READING = 15_000;

const timeout = () =>
  durationOr('5s', '100ms')
    .refine((milliseconds) => milliseconds <= LONGEST_READING, {
      error: ({ input }) => `expected at most 15s, seen ${formatDuration(input as number)}`,
    })
    .meta({
      title: 'duration',
      description: 'How long one reading may take, other tries included; later it is missing. At most `15s`.',
    });

const everyHeader = () =>
  headers()
    .prefault({})
    .meta({
      description: 'Headers of every request: text, or a reference to a secret.',
      examples: [{ 'X-Scope-OrgID': 'shop' }],
    });

const ca = () =>
  filled()
    .optional()
    .meta({
      description: 'PEM file, relative to this file, with the authority that signed its certificate.',
      examples: ['./ca.pem'],
    });

const query = (description: string, example: string) =>
  filled()
    .optional()
    .meta({ description, examples: [example] });

const prometheus = z.strictObject({
  url: z
    .string(HTTP)
    .regex(/^https?:\/\/[^\s?#]+$/, HTTP)
    .meta({ description: 'Its address, as the worker reaches it.', examples: ['http://prometheus:9090'] }),
  query: query(
    'PromQL that answers one value. Or `bad` and `total`, where both are events that can be counted.',
    'histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket{slot="{{slot}}"}[{{window}}])))',
  ),
  bad: query(
    'PromQL of the counters of bad events, each of which is followed by itself. With `{{window}}` in it: of their number within that time.',
    'http_requests_total{slot="{{slot}}",code=~"5.."} or vector(0)',
  ),
  total: query(
    'PromQL of the counters of all events, or with `{{window}}` in it of their number within that time.',
    'http_requests_total{slot="{{slot}}"}',
  ),
  bearerToken: secret
    .optional()
    .meta({ description: 'Token it wants, as a secret.', examples: [{ env: 'PROMETHEUS_TOKEN' }] }),
  basicAuth: z
    .strictObject({
      username: filled().meta({ description: 'Name of the user.', examples: ['spillway'] }),
      password: secret.meta({ description: 'Password, as a secret.', examples: [{ env: 'PROMETHEUS_PASSWORD' }] }),
    })
    .optional()
    .meta({ description: 'User and password it wants.' }),
  headers: everyHeader(),
  ca: ca(),
  timeout: timeout(),
});

const ANSWERS =
  'What it answers: `value` is one number, `counts` is `{"bad": 3, "total": 200}` of all that happened since the soak began (`FROM`), `counters` the same since ever.';
const answers = () => z.enum(['value', 'counts', 'counters']).prefault('value').meta({ description: ANSWERS });

const command = z.strictObject({
  run: words().meta({
    description:
      'Program and arguments, run on the machine of the worker; it prints a number (or as `answers` says). It gets `SLOT`, `VERSION`, `APP`, `ENVIRONMENT`, `RELEASE`, `SERVICE`, `WINDOW_SECONDS`, `FROM` and `TO` in its environment.',
    examples: [['./queue-lag.sh']],
  }),
  answers: answers(),
  cwd: filled().prefault('.').meta({ description: 'Folder in which it runs, relative to this file.' }),
  env: variables()
    .prefault({})
    .meta({
      description: 'Environment variables it gets beside those of the worker: text, or a reference to a secret.',
      examples: [{ API_TOKEN: { env: 'QUEUE_API_TOKEN' } }],
    }),
  timeout: timeout(),
});

const webhook = z.strictObject({
  url: z
    .string(HTTP)
    .regex(/^https?:\/\/\S+$/, HTTP)
    .meta({
      description: 'Where it is asked by a POST of JSON; answers `{"value": 12.5}` (or as `answers` says).',
      examples: ['https://metrics.example.com/canary'],
    }),
  answers: answers(),
  headers: everyHeader(),
  ca: ca(),
  timeout: timeout(),
});

const containers = z.strictObject({
  measure: z.enum(['cpu', 'memory']).meta({
    description: 'Of all replicas together: `cpu` in per cent of one core, `memory` in bytes.',
    examples: ['memory'],
  }),
  timeout: timeout(),
});

export const metric = z.strictObject({
  ...metricSettings,
  dryRun: z.boolean().prefault(false).meta({ description: 'It is judged and shown, but decides nothing.' }),
  service: filled()
    .optional()
    .meta({ description: 'The service it is about, for `{{service}}` and containers.', examples: ['backend'] }),
  interval: durationOr('10s', '100ms').meta({
    description: 'Time between two readings. Shorter than its source measures anew gives no more evidence.',
  }),
  prometheus: prometheus.optional().meta({ description: 'Asks a Prometheus, or what understands its queries.' }),
  command: command.optional().meta({ description: 'Runs a program that prints it.' }),
  webhook: webhook.optional().meta({ description: 'Asks a service of your own.' }),
  containers: containers.optional().meta({ description: 'Measures the containers of the slot.' }),
});

export type AnalysisMetric = z.output<typeof metric>;
