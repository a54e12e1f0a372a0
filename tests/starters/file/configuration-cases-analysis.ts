import { type Case, top } from './configuration-right';

const analysis = (text: string) => top(`canary: {analysis: {${text}}}`);
const metric = (text: string) => analysis(`metrics: [{name: m, ${text}}]`);
const asks = (text: string) => metric(`prometheus: {url: 'http://p:9090', ${text}}`);
const Q = `query: 'up{slot="{{slot}}"}'`;

const COUNTER = 'write the counter alone, as `orders_total{…}`: Spillway adds its series up, and what each rose by';
const wrongCounts = (query: string, message: string): Case => [
  `counts by ${query}`,
  asks(`bad: '${query}', total: 'x_total{s="{{slot}}"}'`),
  [`spillway.yaml:9 canary.analysis.metrics[0].prometheus.bad: ${message}`],
];
const X = 'x_total{s="{{slot}}",c="500"}';

/** Wrong settings of how a canary is measured and compared. */
export const ANALYSIS_CASES: Case[] = [
  [
    'a metric without a source',
    metric('weight: 2'),
    ['spillway.yaml:9 canary.analysis.metrics[0]: expected one of prometheus, command, webhook, containers, seen none'],
  ],
  [
    'a metric with two sources',
    metric(`command: {run: [a]}, containers: {measure: cpu}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0]: expected one of prometheus, command, webhook, containers, seen command and containers',
    ],
  ],
  [
    'a source that is not known',
    metric('datadog: {query: x}'),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].datadog: unknown key, expected one of name, group, weight, direction, critical, mustHaveData, missing, outliers, minSamples, confidence, tolerance, effect, dryRun, service, interval, prometheus, command, webhook, containers',
      'spillway.yaml:9 canary.analysis.metrics[0]: expected one of prometheus, command, webhook, containers, seen none',
    ],
  ],
  [
    'a metric without a name',
    analysis('metrics: [{containers: {measure: cpu}}]'),
    ['spillway.yaml:9 canary.analysis.metrics[0].name: expected text, seen nothing'],
  ],
  [
    'a metric with a typing error',
    metric('containers: {measure: cpu}, wieght: 2'),
    ['spillway.yaml:9 canary.analysis.metrics[0].wieght: unknown key, did you mean "weight"?'],
  ],
  [
    'a measure that is none',
    metric('containers: {measure: disk}'),
    ['spillway.yaml:9 canary.analysis.metrics[0].containers.measure: expected cpu or memory, seen "disk"'],
  ],
  [
    'two metrics of one name',
    analysis('metrics: [{name: m, containers: {measure: cpu}}, {name: m, containers: {measure: memory}}]'),
    ['spillway.yaml:9 canary.analysis.metrics[1].name: expected each name once, seen "m" at metrics[0] too'],
  ],
  [
    'a metric of a service that does not exist',
    metric('service: bakend, containers: {measure: cpu}'),
    ['spillway.yaml:9 canary.analysis.metrics[0].service: expected one of the services (backend), seen "bakend"'],
  ],
  [
    'containers that do not run before the switch',
    top(
      '  job: {image: j, traffic: none, run: live-only}\ncanary: {analysis: {metrics: [{name: m, service: job, containers: {measure: cpu}}]}}',
    ),
    [
      'spillway.yaml:10 canary.analysis.metrics[0].service: expected a service whose containers run before the switch, seen "job", which is `live-only`',
    ],
  ],
  [
    'a query and counts',
    asks(`${Q}, bad: 'a{{slot}}', total: 'b{{slot}}'`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus: expected `query`, or `bad` and `total`, seen query and bad and total',
    ],
  ],
  [
    'bad events without all of them',
    asks(`bad: 'a{{slot}}'`),
    ['spillway.yaml:9 canary.analysis.metrics[0].prometheus: expected `query`, or `bad` and `total`, seen bad'],
  ],
  [
    'a source without a query',
    asks('timeout: 1s'),
    ['spillway.yaml:9 canary.analysis.metrics[0].prometheus: expected `query`, or `bad` and `total`, seen none'],
  ],
  [
    'a template variable that is not known',
    asks(`query: 'up{slot="{{slto}}"}'`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.query: expected one of {{app}}, {{environment}}, {{service}}, {{slot}}, {{version}}, {{release}}, {{window}}, seen {{slto}}; did you mean {{slot}}?',
    ],
  ],
  [
    'a template variable that is nothing',
    asks(`query: 'up{slot="{{}}"}'`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.query: expected one of {{app}}, {{environment}}, {{service}}, {{slot}}, {{version}}, {{release}}, {{window}}, seen {{}}',
    ],
  ],
  [
    'a service that a query names and the metric does not',
    asks(`query: 'up{slot="{{slot}}",s="{{service}}"}'`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.query: expected `service` beside the source, because {{service}} stands in the query, seen nothing',
    ],
  ],
  [
    'a query that answers the same for both',
    asks(`query: 'sum(up)'`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.query: expected {{slot}}, {{version}} or {{release}} in it, as old and new version answer the same otherwise',
    ],
  ],
  [
    'a window in one of two queries',
    asks(`bad: 'increase(a{s="{{slot}}"}[{{window}}])', total: 'b{s="{{slot}}"}'`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus: expected {{window}} in both of `bad` and `total`, seen it in `bad` only',
    ],
  ],
  [
    'an address without a scheme',
    metric(`prometheus: {url: 'p:9090', ${Q}}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.url: expected an address such as https://prometheus.example.com:9090, seen "p:9090"',
    ],
  ],
  [
    'a password in an address',
    metric(`prometheus: {url: 'http://me:hunter2@p:9090', ${Q}}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.url: expected no secret in it, seen one (not shown): use `bearerToken`, `basicAuth` or `headers`',
    ],
  ],
  [
    'a token in plain text',
    asks(`${Q}, bearerToken: hunter2`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.bearerToken: expected a secret as {env: NAME} or {file: PATH}, seen plain text',
    ],
  ],
  [
    'a credential in a header',
    asks(`${Q}, headers: {Authorization: hunter2}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.headers.Authorization: expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
    ],
  ],
  [
    'a secret in a header',
    metric(`webhook: {url: 'http://h/', headers: {X-Api-Key: hunter2}}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].webhook.headers.X-Api-Key: expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
    ],
  ],
  [
    'a header that is none',
    asks(`${Q}, headers: {'X Team': a}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.headers."X Team": expected the name of a header such as X-Scope-OrgID, seen "X Team"',
    ],
  ],
  [
    'two ways to log in',
    asks(`${Q}, bearerToken: {env: A}, basicAuth: {username: u, password: {env: B}}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.basicAuth: expected either `bearerToken` or `basicAuth`, seen both',
    ],
  ],
  [
    'a password in plain text',
    asks(`${Q}, basicAuth: {username: u, password: hunter2}`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.basicAuth.password: expected a secret as {env: NAME} or {file: PATH}, seen plain text',
    ],
  ],
  [
    'an authority without TLS',
    asks(`${Q}, ca: ./ca.pem`),
    ['spillway.yaml:9 canary.analysis.metrics[0].prometheus.ca: expected only with an https:// url'],
  ],
  [
    'a reading that takes longer than anybody waits',
    asks(`${Q}, timeout: 1m`),
    ['spillway.yaml:9 canary.analysis.metrics[0].prometheus.timeout: expected at most 15s, seen 1 min'],
  ],
  [
    'readings without a distance',
    metric('interval: 0s, containers: {measure: cpu}'),
    ['spillway.yaml:9 canary.analysis.metrics[0].interval: expected at least 100ms, seen "0s"'],
  ],
  [
    'a program as text',
    metric('command: {run: ./lag.sh}'),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].command.run: expected a list of words such as ["npm", "run", "check"], seen "./lag.sh"',
    ],
  ],
  [
    'a secret for a program in plain text',
    metric('command: {run: [a], env: {API_TOKEN: hunter2}}'),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].command.env.API_TOKEN: expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
    ],
  ],
  [
    'an answer of another kind',
    metric(`webhook: {url: 'http://h/', answers: list}`),
    ['spillway.yaml:9 canary.analysis.metrics[0].webhook.answers: expected value, counts or counters, seen "list"'],
  ],
  [
    'missing values of counts',
    metric('missing: zero, command: {run: [a], answers: counts}'),
    ['spillway.yaml:9 canary.analysis.metrics[0].missing: expected no such setting for counts'],
  ],
  [
    'an effect that counts do not have',
    asks(`bad: 'a{{slot}}', total: 'b{{slot}}'}, effect: {measure: cles`),
    ['spillway.yaml:9 canary.analysis.metrics[0].effect.measure: expected meanRatio for counts, seen cles'],
  ],
  [
    'effect limits the wrong way round',
    metric(
      'containers: {measure: cpu}, effect: {allowedIncrease: 1.5, criticalIncrease: 1.2, allowedDecrease: 0.5, criticalDecrease: 0.8}',
    ),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].effect.criticalIncrease: expected at least allowedIncrease, which is 1.5, seen 1.2',
      'spillway.yaml:9 canary.analysis.metrics[0].effect.criticalDecrease: expected at most allowedDecrease, which is 0.5, seen 0.8',
    ],
  ],
  [
    'weights that do not add up',
    analysis(
      'groups: {a: 60, b: 50}, metrics: [{name: m, group: a, containers: {measure: cpu}}, {name: n, group: b, containers: {measure: memory}}]',
    ),
    ['spillway.yaml:9 canary.analysis.groups: expected weights that add up to 100, seen the sum 110'],
  ],
  [
    'weights that leave nothing',
    analysis(
      'groups: {a: 100}, metrics: [{name: m, group: a, containers: {measure: cpu}}, {name: n, containers: {measure: memory}}]',
    ),
    [
      'spillway.yaml:9 canary.analysis.groups: expected weights that add up to less than 100, since default gets the rest, seen the sum 100',
    ],
  ],
  [
    'a weight of a group that no metric has',
    analysis('groups: {a: 50, b: 50}, metrics: [{name: m, group: a, containers: {measure: cpu}}]'),
    ['spillway.yaml:9 canary.analysis.groups.b: expected a group that a metric has (a), seen "b"'],
  ],
  [
    'a weight of a group that is only shown',
    analysis('groups: {a: 100}, metrics: [{name: m, group: a, dryRun: true, containers: {measure: cpu}}]'),
    ['spillway.yaml:9 canary.analysis.groups.a: expected a group that a metric has (none has one), seen "a"'],
  ],
  [
    'thresholds upside down',
    analysis('thresholds: {pass: 70, marginal: 80}'),
    ['spillway.yaml:9 canary.analysis.thresholds.marginal: expected at most pass, which is 70, seen the number 80'],
  ],
  [
    'a threshold above its default',
    analysis('thresholds: {pass: 70}'),
    ['spillway.yaml:9 canary.analysis.thresholds.marginal: expected at most pass, which is 70, seen the number 75'],
  ],
  [
    'no false alarms at all',
    analysis('falseAlarms: 0'),
    [
      'spillway.yaml:9 canary.analysis.falseAlarms: expected per cent above 0, at most 50, such as 5 or "0.5%", seen the number 0',
    ],
  ],
  [
    'an allowed ratio below one',
    analysis('allowed: {latency: 0.9}'),
    [
      'spillway.yaml:9 canary.analysis.allowed.latency: expected how many times that of the live version, from 1 to 100, such as 1.1 for 10 % more, seen the number 0.9',
    ],
  ],
  [
    'a comparison that is text',
    analysis('compare: "yes"'),
    ['spillway.yaml:9 canary.analysis.compare: expected true or false, seen "yes"'],
  ],
  [
    'a trigger on nothing',
    top('canary: {triggers: [{for: 5m}]}'),
    ['spillway.yaml:9 canary.triggers[0]: expected one of `errorRate` and `p95`, seen neither'],
  ],
  [
    'a trigger on both',
    top('canary: {triggers: [{errorRate: 5, p95: 1s, for: 5m}]}'),
    ['spillway.yaml:9 canary.triggers[0]: expected one of `errorRate` and `p95`, seen both'],
  ],
  [
    'a trigger without a time',
    top('canary: {triggers: [{errorRate: 5}]}'),
    ['spillway.yaml:9 canary.triggers[0].for: expected a duration such as 500ms, 30s, 5m or 24h, seen nothing'],
  ],
  [
    'a longest soak that is shorter than a soak',
    top('canary: {longestSoak: 1m, steps: [{weight: 10, soak: 30s}, {weight: 50, soak: 5m}]}'),
    ['spillway.yaml:9 canary.longestSoak: expected at least the soak of steps[1], which is 5 min'],
  ],
  [
    'a manual step that is text',
    top('canary: {steps: [{weight: 10, manual: maybe}]}'),
    ['spillway.yaml:9 canary.steps[0].manual: expected true or false, seen "maybe"'],
  ],
  wrongCounts(
    `sum(increase(${X}[5m]))`,
    `expected counters, or {{window}} as the range, seen a window that slides, so that one event would be counted several times: ${COUNTER}`,
  ),
  wrongCounts(
    `sum_over_time(${X}[1m])`,
    `expected counters, or {{window}} as the range, seen a window that slides, so that one event would be counted several times: ${COUNTER}`,
  ),
  wrongCounts(
    `avg(${X})`,
    `expected each counter by itself, seen \`avg\`, which hides that a replica began anew, left or came back: ${COUNTER}`,
  ),
  wrongCounts(
    `sum(${X}) * 2`,
    `expected each counter by itself, seen \`sum\`, which hides that a replica began anew, left or came back: ${COUNTER}`,
  ),
  wrongCounts(`${X} offset 5m`, 'expected counters of now, seen `offset` or `@`: leave it out'),
  wrongCounts(`${X} @ end()`, 'expected counters of now, seen `offset` or `@`: leave it out'),
  wrongCounts(
    'job:x:increase5m{s="{{slot}}"}',
    `expected counters, seen job:x:increase5m, which a rule records of a window that slides: ${COUNTER}`,
  ),
  [
    'counts by an estimate within the window',
    asks(`bad: 'round(sum(rate(${X}[{{window}}])) * 60)', total: 'sum(increase(x_total{s="{{slot}}"}[{{window}}]))'`),
    [
      `spillway.yaml:9 canary.analysis.metrics[0].prometheus.bad: expected counters, seen \`rate\`, which estimates what no scrape saw: ${COUNTER}`,
    ],
  ],
  [
    'counts in two ways',
    asks(`bad: 'sum(count_over_time(${X}[{{window}}]))', total: 'sum(increase(x_total{s="{{slot}}"}[{{window}}]))'`),
    [
      'spillway.yaml:9 canary.analysis.metrics[0].prometheus.total: expected `bad` and `total` to count in one way, seen counters and a count within {{window}}',
    ],
  ],
];
