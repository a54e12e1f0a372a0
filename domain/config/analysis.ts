import { z } from 'zod';
import { effectMistakes, groupMistakes, groups, nameMistakes, thresholdMistakes, thresholds } from './metric';
import { isReadable, mistake, piecewise, type Mistake } from './rule';
import { metric } from './source';
import { sourceMistakes } from './source-rules';
import { percent } from './percent';
import { duration, durationOr, expected } from './values';
import { metricKind } from '../judging/metric/query';

export const analysis = z
  .strictObject({
    compare: z.boolean().prefault(true).meta({
      description: 'Whether errors and latency of the new version are compared with those of the live one.',
    }),
    falseAlarms: percent({ isAbove: true, most: 50 }).prefault(1).meta({
      title: 'per cent',
      description: 'How many of all canaries that are as good as the live version may be failed by chance.',
    }),
    allowed: z
      .strictObject({
        errors: ratio(1, 'How many times the error rate of the live version does not matter.'),
        latency: ratio(1.1, 'How many times the latency of the live version does not matter.'),
        slowerBy: durationOr('5ms').meta({
          description: 'How much slower does not matter, however many times it is: nobody notices 4 ms in place of 2.',
        }),
      })
      .prefault({})
      .meta({ description: 'Differences that do not matter although they are certain.' }),
    earlyPass: z.boolean().prefault(false).meta({
      description: 'Whether a step ends as soon as it is certain that the new version is not worse than allowed.',
    }),
    thresholds: thresholds.prefault({}).meta({ description: 'What the score of the metrics means.' }),
    groups: groups.prefault({}).meta({
      description:
        'Weights of groups of metrics in per cent; those without one share what is left. Together they are 100.',
      examples: [{ errors: 60, resources: 40 }],
    }),
    metrics: z
      .array(metric)
      .prefault([])
      .meta({
        description: 'What is measured besides the requests that the router counts.',
        examples: [[{ name: 'memory', containers: { measure: 'memory' } }]],
      }),
  })
  .superRefine((given, context) => {
    const readable = (...path: (string | number)[]): boolean => isReadable(context.issues, ...path);
    const tell = ({ path, message }: Mistake): void => mistake(context, path, message);
    if (readable('thresholds')) thresholdMistakes(given.thresholds).forEach(tell);
    if (!Array.isArray(given.metrics)) return;
    const metrics = given.metrics.map((one, index) => (readable('metrics', index) ? one : undefined));
    nameMistakes(metrics).forEach(tell);
    metrics.forEach((one, index) => {
      if (!one) return;
      const mistakes = [...sourceMistakes(one), ...effectMistakes(one.effect, metricKind(one) === 'counts')];
      for (const { path, message } of mistakes) tell({ path: ['metrics', index, ...path], message });
    });
    // Metrics with `dryRun` are only shown: they have no part in the score.
    const deciding = given.metrics.filter((one) => !one?.dryRun);
    if (readable('metrics') && readable('groups')) groupMistakes(given.groups, deciding).forEach(tell);
  }, piecewise);

export const triggers = z.array(
  z
    .strictObject({
      errorRate: percent()
        .optional()
        .meta({ description: 'Per cent of requests that fail.', examples: [5] }),
      p95: duration('1ms')
        .optional()
        .meta({ description: '95th percentile of the latency.', examples: ['1s'] }),
      for: duration('1s').meta({ description: 'How long it must be exceeded.', examples: ['5m'] }),
    })
    .superRefine(({ errorRate, p95 }, context) => {
      if ((errorRate === undefined) === (p95 === undefined)) {
        const seen = errorRate === undefined ? 'neither' : 'both';
        mistake(context, [], `expected one of \`errorRate\` and \`p95\`, seen ${seen}`);
      }
    }, piecewise),
);

export type Analysis = z.output<typeof analysis>;
export type Trigger = z.output<typeof triggers>[number];

function ratio(standard: number, description: string) {
  const times = expected('how many times that of the live version, from 1 to 100, such as 1.1 for 10 % more');
  return z.number(times).min(1, times).max(100, times).prefault(standard).meta({ description });
}
