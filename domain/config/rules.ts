import type { z } from 'zod';
import type { DatabaseConfig } from './database';
import type { canary, smoke } from './phases';
import { describeRoute, routeConflicts } from '../routes';
import { routerRules } from './router-rules';
import { isReadable, mistake } from './rule';
import type { ServiceConfig } from './service';
import type { RouterConfig, TargetConfig } from './target';
import { grpcRule } from './wire-rules';

type Context = z.core.$RefinementCtx;

interface AppConfig {
  services: Record<string, ServiceConfig>;
  target: TargetConfig;
  router: RouterConfig;
  smoke: z.output<typeof smoke>;
  canary: z.output<typeof canary>;
  database?: DatabaseConfig;
  databases?: Record<string, DatabaseConfig>;
}

/** Checks what must hold between the parts of a configuration. Each rule looks only at what is readable. */
export function appRules(config: AppConfig, context: Context): void {
  if (typeof config.services !== 'object' || config.services === null) return;
  databaseRules(config, context);
  smokeRules(config, context);
  routeRules(config, context);
  imageRules(config, context);
  if (isReadable(context.issues, 'services')) {
    canaryRules(config, context);
    if (isReadable(context.issues, 'router')) {
      const { target, ...around } = config;
      routerRules({ ...around, ...(isReadable(context.issues, 'target') && { target }) }, context);
    }
  }
  metricRules(config, context);
}

function databaseRules({ database, databases }: AppConfig, context: Context): void {
  if (database === undefined || databases === undefined) return;
  mistake(
    context,
    ['databases'],
    'expected `database` or `databases`, seen both; `database` is short for `databases: {main: …}`, so leave it out',
  );
}

function readableServices({ services }: AppConfig, { issues }: Context): [string, AppConfig['services'][string]][] {
  return Object.entries(services).filter(([name]) => isReadable(issues, 'services', name));
}

function smokeRules(config: AppConfig, context: Context): void {
  if (!isReadable(context.issues, 'smoke')) return;
  const readable = new Map(readableServices(config, context));
  const names = new Set<string>();
  config.smoke.checks.forEach((check, index) => {
    const { name, service: asked } = check;
    const path = ['smoke', 'checks', index];
    if (name !== undefined && names.has(name))
      mistake(context, [...path, 'name'], `expected each name once, seen "${name}" again`);
    if (name !== undefined) names.add(name);
    if (!(asked in config.services)) {
      const known = Object.keys(config.services).join(', ');
      return mistake(context, [...path, 'service'], `expected one of the services (${known}), seen "${asked}"`);
    }
    const service = readable.get(asked);
    if (!service) return;
    grpcRule(check, service, path, context);
    if (service.port === undefined)
      mistake(context, [...path, 'service'], `expected a service with a port, seen "${asked}", which has none`);
    if (service.run === 'live-only' || service.run === 'once') {
      mistake(
        context,
        [...path, 'service'],
        `expected a service that runs before the switch, seen "${asked}", which is \`${service.run}\``,
      );
    }
  });
}

function routeRules(config: AppConfig, context: Context): void {
  const all = readableServices(config, context).flatMap(([name, { routes }]) =>
    routes.map((route, index) => ({ name, route, at: ['services', name, 'routes', index] })),
  );
  for (const { route, at } of all) {
    if (route.exact && route.path === undefined)
      mistake(context, [...at, 'exact'], 'expected `path` with it, which is the path that it means, seen none');
  }
  for (const [earlier, { route, at }] of routeConflicts(all)) {
    const seen = `seen ${describeRoute(route)}, which "${earlier.name}" has already`;
    mistake(context, at, `expected a route of its own, ${seen}: give one of them another port, host or path`);
  }
}

function imageRules(config: AppConfig, context: Context): void {
  const owners = new Map<string, string>();
  for (const [name, { build, image }] of readableServices(config, context)) {
    if (!build || image === undefined) continue;
    const owner = owners.get(image);
    if (owner !== undefined) {
      mistake(
        context,
        ['services', name, 'image'],
        `expected a name of its own, because "${owner}" builds "${image}" too`,
      );
    }
    owners.set(image, owner ?? name);
  }
}

function canaryRules({ services, canary }: AppConfig, context: Context): void {
  if (!isReadable(context.issues, 'canary') || canary.steps.length === 0) return;
  if (!Object.values(services).some(({ routes }) => routes.length > 0)) {
    mistake(
      context,
      ['canary', 'steps'],
      'expected no steps, because no service has a route and so no traffic to share',
    );
  }
}

function metricRules({ services, canary }: AppConfig, context: Context): void {
  if (!isReadable(context.issues, 'canary', 'analysis') || !canary?.analysis) return;
  const known = Object.keys(services);
  canary.analysis.metrics.forEach(({ service, containers }, index) => {
    if (service === undefined) return;
    const path = ['canary', 'analysis', 'metrics', index, 'service'];
    if (!known.includes(service))
      return mistake(context, path, `expected one of the services (${known.join(', ')}), seen "${service}"`);
    const { run } = services[service]!;
    if (!containers || (run !== 'live-only' && run !== 'once')) return;
    const wanted = 'expected a service whose containers run before the switch';
    mistake(context, path, `${wanted}, seen "${service}", which is \`${run}\``);
  });
}
