import { appConfigSchema } from '../../../domain/config';
import type { Mistake } from '../../../domain/config/rule';
import { routerRules, type AroundRouter } from '../../../domain/config/router-rules';
import { ROUTERS, type RouterCapabilities } from '../../../domain/router';

const SERVICES = { web: { image: 'shop/web:{version}', port: 8080, routes: [{ port: 80 }] } };

/** Mistakes of a configuration whose router can do something else than HAProxy. */
function mistakes(canary: object, can: Partial<RouterCapabilities>, target?: string): string[] {
  const config = appConfigSchema.parse({ version: 1, app: 'shop', services: SERVICES, canary });
  const around = { ...config, ...(target && { target: { kind: target } }) } as AroundRouter;
  const found: string[] = [];
  const addIssue = ({ path, message }: Mistake) => found.push(`${path.join('.')}: ${message}`);
  const context = { issues: [], addIssue } as unknown as Parameters<typeof routerRules>[1];
  const { capabilities, targets } = ROUTERS.haproxy;
  routerRules(around, context, { capabilities: { ...capabilities, ...can }, targets });
  return found;
}

const steps = [{ weight: 10 }, { weight: 100 }];

test('a router that cannot reach what runs on the target is refused, with what to do', () => {
  expect(mistakes({}, {}, 'moon')).toEqual([
    'router.kind: expected a router for a moon target, seen haproxy, which is only for docker: choose another `target.kind`',
  ]);
  expect(mistakes({}, {}, 'docker')).toEqual([]);
});

test('steps are refused with a router that moves all of the traffic or none', () => {
  expect(mistakes({ steps }, { shares: 'all or nothing' })).toEqual([
    'canary.steps: expected no steps with haproxy, which gives a version all of the traffic or none: ' +
      'use `router.kind: haproxy` or `router.kind: nginx`, or leave them out',
  ]);
  expect(mistakes({ steps: [{ weight: 100 }] }, { shares: 'all or nothing' })).toEqual([]);
});

test.each(['any', 'by replicas'] as const)('steps are allowed with a router whose shares are %s', (shares) => {
  expect(mistakes({ steps }, { shares })).toEqual([]);
});

test('a fresh baseline is refused with a router that counts by version, but gives it no share', () => {
  expect(mistakes({ steps, baseline: 'fresh' }, { baseline: false })).toEqual([
    'canary.baseline: expected `live` with haproxy, which gives a fresh baseline no share: use `router.kind: haproxy`, or leave it out',
  ]);
});
