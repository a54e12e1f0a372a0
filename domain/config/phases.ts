import { z } from 'zod';
import { analysis, triggers } from './analysis';
import { piecewise, isReadable, mistake, untilReadable } from './rule';
import { namedHttpCheck } from './check';
import { trialFields } from './testers';
import { percent, share } from './percent';
import { absolutePath, duration, durationOr, expectedOne, size } from './values';
import { formatDuration } from '../units';

const limits = z.strictObject({
  errorRate: percent()
    .optional()
    .meta({
      description: 'The most per cent of requests that may fail: answered 5xx, or not at all.',
      examples: [5],
    }),
  p95: duration('1ms')
    .optional()
    .meta({
      description: 'The slowest that the 95th percentile of the latency may be.',
      examples: ['1s'],
    }),
  healthFailures: z
    .int()
    .min(1)
    .optional()
    .meta({
      description: 'Consecutive failed health probes that fail it.',
      examples: [3],
    }),
  minRequests: z.int().min(0).prefault(20).meta({
    description: 'Fewer requests than this are no evidence: the verdict is `inconclusive`.',
  }),
});

const step = z.strictObject({
  weight: share().meta({
    title: 'per cent',
    description: 'Whole per cent of the traffic that the new version gets.',
    examples: [10],
  }),
  soak: durationOr('30s').meta({ description: 'How long it is judged with this share.' }),
  manual: z.boolean().prefault(false).meta({ description: 'After its soak a person must promote it.' }),
});

export const canary = z
  .strictObject({
    steps: z
      .array(step)
      .prefault([])
      .meta({
        description: 'Shares of the traffic, rising. When empty all of it moves at once.',
        examples: [
          [
            { weight: 10, soak: '1m' },
            { weight: 50, soak: '5m' },
          ],
        ],
      }),
    interval: durationOr('1s', '10ms').meta({ description: 'Time between two samples.' }),
    limits: limits.prefault({}).meta({ description: 'What the new version must keep to.' }),
    baseline: z.enum(['live', 'fresh']).prefault('live').meta({
      description:
        'With what the new version is compared: the live slot, or a `fresh` baseline, copies of the live containers that begin when it begins and get as much traffic. HAProxy only.',
    }),
    affinity: z.boolean().prefault(true).meta({
      description: 'A visitor stays on one slot, across services, while the share does not change.',
    }),
    inconclusive: z.enum(['hold', 'fail', 'continue']).prefault('hold').meta({
      description: 'What too little evidence means: ask a person, roll back, or go on.',
    }),
    ...trialFields,
    holdTimeout: durationOr('1h').meta({
      description: 'How long an inconclusive canary waits for a person before it fails.',
    }),
    longestSoak: duration('1s')
      .optional()
      .meta({
        description:
          'With too little evidence a soak is lengthened up to this; when absent to three times its own length.',
        examples: ['30m'],
      }),
    triggers: triggers.prefault([]).meta({
      description: 'Limits that fail it only when they are exceeded for a time.',
      examples: [
        [
          { errorRate: 5, for: '5m' },
          { p95: '1s', for: '3m' },
        ],
      ],
    }),
    analysis: analysis
      .prefault({})
      .meta({ description: 'How it is compared with the live version, and by which measurements.' }),
  })
  .superRefine(({ steps, longestSoak }, context) => {
    if (!isReadable(context.issues, 'steps')) return;
    steps.forEach(({ weight }, index) => {
      const least = steps[index - 1]?.weight ?? 0;
      if (weight <= least) mistake(context, ['steps', index, 'weight'], `expected more than ${least}, seen ${weight}`);
    });
    if (longestSoak === undefined || !isReadable(context.issues, 'longestSoak')) return;
    const longer = steps.findIndex(({ soak }) => soak > longestSoak);
    if (longer < 0) return;
    const least = formatDuration(steps[longer]!.soak);
    mistake(context, ['longestSoak'], `expected at least the soak of steps[${longer}], which is ${least}`);
  }, piecewise);

export const smoke = z.strictObject({
  checks: z
    .array(namedHttpCheck)
    .prefault([])
    .meta({
      description: 'What a user would try first; asked of the new version before it gets traffic.',
      examples: [[{ service: 'backend', path: '/api/v1/status' }]],
    }),
  watch: durationOr('0s').meta({ description: 'How long the checks are repeated after they passed.' }),
  failures: z.int().min(1).prefault(3).meta({ description: 'Consecutive failures that fail it.' }),
  interval: durationOr('1s', '10ms').meta({ description: 'Time between two rounds.' }),
});

/* Each kind of store has its own keys, so each is its own member. */
const folder = z
  .strictObject({
    kind: z.literal('folder').optional().default('folder').meta({ description: 'A folder that every worker sees.' }),
    directory: absolutePath()
      .optional()
      .meta({
        description:
          'Folder at this path on the machine of every worker, such as a mount; when absent `target.stateDirectory`. Backups lie in `APP/ENVIRONMENT/backups` in it.',
        examples: ['/mnt/spillway'],
      }),
  })
  .meta({ title: 'folder' });

export const backup = z.strictObject({
  store: z.discriminatedUnion('kind', [folder], expectedOne('kind', 'folder')).optional().meta({
    description:
      'Where backups are kept: a place that every worker of the task queue sees, since any of them may have to restore one.',
  }),
  keep: z.int().min(1).prefault(5).meta({ description: 'How many backups are kept; older ones are removed.' }),
  volumes: z
    .array(z.string().min(1))
    .prefault([])
    .meta({ description: 'Names of volumes that are saved too.', examples: [['uploads']] }),
});

export const approve = z.strictObject({
  required: z
    .boolean()
    .prefault(false)
    .meta({ description: 'Whether a person must approve before all traffic moves.' }),
  by: z
    .array(z.string().min(1))
    .prefault([])
    .meta({ description: 'Who may approve; when empty anyone.', examples: [['alice', 'bob']] }),
  timeout: durationOr('24h', '1ms').meta({ description: 'No answer within this time counts as a rejection.' }),
});

export const verify = z.strictObject({
  wait: durationOr('0s').meta({ description: 'How long after the switch it is verified again.' }),
  maxLatency: duration('1ms')
    .optional()
    .meta({
      description: 'The smoke checks, asked through the router, must be answered within this.',
      examples: ['1s'],
    }),
  maxMemory: size()
    .optional()
    .meta({
      description: 'The most memory a replica may use after the switch.',
      examples: ['500MB'],
    }),
});

export const bake = z.strictObject({
  soak: durationOr('0s').meta({
    description: 'How long the old version stays warm and the new one is judged after the switch.',
  }),
  limits: limits.optional().meta({ description: 'What it must keep to meanwhile; when absent those of the canary.' }),
});

export const drain = z.strictObject({
  cap: durationOr('30s').meta({ description: 'The longest wait for requests and WebSockets in flight.' }),
});

export const retire = z.strictObject({
  keepImages: z.int().min(1).prefault(3).meta({ description: 'How many versions of each image are kept.' }),
});

export const features = z
  .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/), z.union([z.string(), z.boolean(), z.number()]))
  .superRefine((all, context) => {
    const seen = new Map<string, string>();
    for (const key of Object.keys(all)) {
      const variable = key.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
      const other = seen.get(variable);
      if (other !== undefined)
        mistake(context, [key], `expected another name: FEATURE_${variable} stands for "${other}" already`);
      seen.set(variable, key);
    }
  }, untilReadable);

export type Limits = z.output<typeof limits>;
