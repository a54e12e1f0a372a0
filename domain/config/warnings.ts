import { nearest } from './nearest';
import { databasesOf } from '../databases';
import type { AnalysisMetric, AppConfig } from '../config';
import { judgesBake, judgesCanary } from '../judging/judged-by';
import { leastApart } from '../judging/measured';
import { metricKind } from '../judging/metric/query';
import { coverageOf } from '../promql/promql';
import { ROUTERS } from '../router';
import { formatDuration } from '../units';

/** A ratio this large is seldom meant: 10 may stand for 10 % more. */
const LARGE_RATIO = 5;

/** Warns of what is allowed, but promises less than a person may expect of it. */
export function configurationWarnings(config: AppConfig): string[] {
  const { services, canary, approve, bake, smoke } = config;
  const warnings: string[] = [...shortSoaks(config), ...siblingsByName(config), ...siblingsBySlot(config)];
  const { counters: counts } = ROUTERS[config.router.kind].capabilities;
  const unjudged = [
    ...(canary.steps.length > 0 && !judgesCanary(config, counts) ? ['canary'] : []),
    ...(bake.soak > 0 && !judgesBake(config, counts, false) ? ['bake'] : []),
  ];
  if (unjudged.length > 0) {
    warnings.push(
      `canary.limits names no limit, so nothing judges ${unjudged.join(' and ')}; add errorRate, p95 or healthFailures`,
    );
  }
  for (const [name, service] of Object.entries(services)) {
    const isPinned = service.build !== undefined || /\{version\}|@sha256:/.test(service.image ?? '');
    if (!isPinned) {
      warnings.push(
        `services.${name}.image is the same for every version; write {version} where the version stands in it`,
      );
    }
    if (service.routes.length > 0 && service.health.endpoints.length === 0) {
      const what = 'the image’s own HEALTHCHECK decides whether it is healthy, or only that it runs';
      warnings.push(`services.${name} takes traffic without health.endpoints: ${what}`);
    }
  }
  warnings.push(...largeRatios(canary.analysis.allowed));
  if (canary.baseline === 'fresh' && canary.steps.length === 0)
    warnings.push('canary.baseline: fresh has no effect without canary.steps');
  if (approve.by.length > 0 && !approve.required)
    warnings.push('approve.by names who may approve, but nobody is asked: add approve.required: true');
  if (smoke.checks.length === 0)
    warnings.push('smoke.checks is empty: nothing is tried as a user would before traffic moves');
  if (databasesOf(config).some(({ settings }) => settings.onRollback === 'restore')) {
    warnings.push('database.onRollback: restore loses what the live version writes while a release is under way');
  }
  return warnings;
}

function largeRatios(allowed: AppConfig['canary']['analysis']['allowed']): string[] {
  return (['errors', 'latency'] as const)
    .filter((key) => allowed[key] >= LARGE_RATIO)
    .map(
      (key) =>
        `canary.analysis.allowed.${key} allows ${allowed[key]} times that of the live version; write 1.1 for 10 % more`,
    );
}

/** Docker Compose gives a service its plain name; two versions side by side cannot both have it. */
function siblingsByName({ services }: AppConfig): string[] {
  const names = Object.keys(services);
  return Object.entries(services).flatMap(([service, { env, hosts = {} }]) =>
    Object.entries(env).flatMap(([variable, value]) => {
      const host = typeof value === 'string' ? HOST.exec(value)?.[1] : undefined;
      if (host === undefined || !names.includes(host) || Object.hasOwn(hosts, host)) return [];
      return [
        `services.${service}.env.${variable} names the host ${host}, which nothing has: it is ${host}-blue or ${host}-green; ` +
          `write ${host}-{slot}, so that each version finds its own`,
      ];
    }),
  );
}

/** `{slot}` behind a name that is no service finds nobody. A word that is no address may mean anything else. */
function siblingsBySlot({ services }: AppConfig): string[] {
  const names = Object.keys(services);
  return Object.entries(services).flatMap(([service, { env, command = [] }]) => {
    const words = command.map((word, index) => [`command[${index}]`, word] as const);
    return [...Object.entries(env).map(([name, value]) => [`env.${name}`, value] as const), ...words].flatMap(
      ([key, value]) => {
        if (typeof value !== 'string') return [];
        return [...value.matchAll(SIBLING)].flatMap(([, before, host, after]) => {
          const isAddress = before !== '' || after !== '';
          const near = nearest(host!, names);
          if (names.includes(host!) || (!isAddress && near === undefined)) return [];
          const meant = near === undefined ? `write one of ${names.join(', ')}` : `did you mean ${near}-{slot}?`;
          return [`services.${service}.${key} names ${host}-{slot}, but there is no service ${host}; ${meant}`];
        });
      },
    );
  });
}

const SIBLING = /(\/\/|@|(?<![a-z0-9./-]))([a-z][a-z0-9-]*)-\{slot\}(?!\})(:\d|\/|)/g;

/** It matches hosts as in `http://api:3000/items`, `postgres://user@db/shop` and `api:3000`. */
const HOST = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@]*@)?([a-z][a-z0-9-]*)(?::\d|\/)/;

function shortSoaks({ canary: { steps, longestSoak, analysis } }: AppConfig): string[] {
  return analysis.metrics.flatMap((metric, index) => {
    const { minSamples, interval, dryRun } = metric;
    const covered = coveredBy(metric);
    // The first value is read once the time that it covers lies within the step.
    const wait = Math.ceil(leastApart(covered) / interval) * interval;
    const apart = Math.max(interval, wait);
    const needed = wait + (minSamples - 1) * apart;
    const short = steps.findIndex(({ soak }) => (longestSoak ?? 3 * soak) < needed);
    if (dryRun || metricKind(metric) === 'counts' || short < 0) return [];
    const seen = formatDuration(longestSoak ?? 3 * steps[short]!.soak);
    const isWide = apart > interval;
    const because = isWide ? ` since its query covers ${formatDuration(covered)}` : '';
    return [
      `canary.analysis.metrics[${index}] needs ${minSamples} values, one each ${formatDuration(apart)}${because}, but steps[${short}] ` +
        `ends after at most ${seen}: it will be inconclusive; lengthen \`soak\` or \`longestSoak\`, or ` +
        (isWide
          ? 'shorten the range in its query, as `[{{window}}]` does, or lower `minSamples`'
          : 'lower `interval` or `minSamples`'),
    ];
  });
}

/** Returns the ms that each value of a metric covers; 0 when it is of a moment. */
function coveredBy({ prometheus, interval }: AnalysisMetric): number {
  const window = `${Math.max(1, Math.round(interval / 1_000))}s`;
  return coverageOf(prometheus?.query?.replaceAll(/\{\{\s*window\s*\}\}/g, window) ?? '');
}
