import type { z } from 'zod';
import { variablesIn } from '../judging/metric/query';
import { ROUTERS, routerOr, type RouterTraits } from '../router';
import type { canary } from './phases';
import { isReadable, mistake } from './rule';
import type { ServiceConfig } from './service';
import type { RouterConfig, TargetConfig } from './target';

type Context = z.core.$RefinementCtx;

export interface AroundRouter {
  services: Record<string, ServiceConfig>;
  /** Absent where the target is not readable. */
  target?: Pick<TargetConfig, 'kind'>;
  router: RouterConfig;
  canary: z.output<typeof canary>;
}

/** @param traits of its kind; tests give some that no router has yet */
export function routerRules(
  config: AroundRouter,
  context: Context,
  { capabilities, targets }: RouterTraits = ROUTERS[config.router.kind],
): void {
  pairRule(config, context, targets);
  tlsRule(config, context);
  h2cRule(config, context, capabilities);
  if (!isReadable(context.issues, 'canary')) return;
  stepsRule(config, context, capabilities);
  mirrorRule(config, context, capabilities);
  baselineRules(config, context, capabilities);
}

function pairRule({ router, target }: AroundRouter, context: Context, targets: RouterTraits['targets']): void {
  if (!target || targets.includes(target.kind)) return;
  mistake(
    context,
    ['router', 'kind'],
    `expected a router for a ${target.kind} target, seen ${router.kind}, which is only for ${targets.join(' and ')}: ` +
      routerOr('choose another `target.kind`', () => true, target.kind),
  );
}

function tlsRule({ services, router }: AroundRouter, context: Context): void {
  const used = new Set(Object.values(services).flatMap(({ routes }) => routes.map(({ port }) => port)));
  router.tls?.ports.forEach((port, index) => {
    if (!used.has(port))
      mistake(
        context,
        ['router', 'tls', 'ports', index],
        `expected the port of a route, seen ${port}, which no route uses`,
      );
  });
  mountRule(router, context);
}

/** Docker cuts what it mounts at each colon. */
function mountRule({ tls, attach }: RouterConfig, context: Context): void {
  if (attach) return;
  for (const [key, path] of Object.entries(tls ?? {})) {
    if (typeof path === 'string' && path.includes(':'))
      mistake(context, ['router', 'tls', key], `expected a path without :, because Docker mounts it, seen "${path}"`);
  }
}

type Capabilities = RouterTraits['capabilities'];

function h2cRule({ services, router, target }: AroundRouter, context: Context, { h2c }: Capabilities): void {
  if (h2c) return;
  for (const [name, { protocol, routes }] of Object.entries(services)) {
    if (protocol !== 'h2c' || routes.length === 0) continue;
    mistake(
      context,
      ['services', name, 'protocol'],
      `expected \`http1\` with ${router.kind}, which speaks no HTTP/2 to versions: ` +
        routerOr('let the service answer HTTP/1.1 too', (can) => can.h2c, target?.kind),
    );
  }
}

function stepsRule({ canary, router, target }: AroundRouter, context: Context, { shares }: Capabilities): void {
  if (shares !== 'all or nothing' || !canary.steps.some(({ weight }) => weight < 100)) return;
  mistake(
    context,
    ['canary', 'steps'],
    `expected no steps with ${router.kind}, which gives a version all of the traffic or none: ` +
      routerOr('leave them out', (can) => can.shares !== 'all or nothing', target?.kind),
  );
}

function mirrorRule({ canary, router, target }: AroundRouter, context: Context, { mirror }: Capabilities): void {
  if (!canary.mirror || mirror) return;
  mistake(
    context,
    ['canary', 'mirror'],
    `expected no mirror with ${router.kind}, which can send a request to one version only: ` +
      routerOr('leave it out', (can) => can.mirror, target?.kind),
  );
}

/** A fresh baseline runs beside the live version, so everybody must be able to tell it from both versions. */
function baselineRules({ canary, router, target }: AroundRouter, context: Context, can: Capabilities): void {
  if (canary.baseline === 'live') return;
  if (!can.baseline) {
    const why = can.counters ? 'gives a fresh baseline no share' : 'counts no requests by version';
    mistake(
      context,
      ['canary', 'baseline'],
      `expected \`live\` with ${router.kind}, which ${why}: ` +
        routerOr('leave it out', (other) => other.baseline, target?.kind),
    );
  }
  canary.analysis.metrics.forEach(({ prometheus }, index) => {
    for (const key of ['query', 'bad', 'total'] as const) {
      if (prometheus?.[key] === undefined || variablesIn(prometheus[key]).includes('slot')) continue;
      mistake(
        context,
        ['canary', 'analysis', 'metrics', index, 'prometheus', key],
        'expected {{slot}} in it because of `canary.baseline: fresh`, as live version and baseline answer the same otherwise',
      );
    }
  });
}
