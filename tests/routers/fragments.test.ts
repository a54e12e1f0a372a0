import type { Endpoint } from '../../domain/endpoint';
import { entriesByPort, onHost } from '../../routers/on-host/fragments';

test('what is written of an environment is what routers of the previous version read', () => {
  const at = (port: number): Endpoint => ({ on: 'docker', address: '10.210.0.16', port });
  const scope = { app: 'shop', environment: 'production' };
  const web = { service: 'web', routes: [{ port: 80 }], slots: { blue: [at(1), at(2)], green: [] } };
  const place = (port: number) => ({ address: '10.210.0.16', port });
  expect(onHost({ scope, affinity: true, services: [web, { ...web, baseline: [at(3)] }] })).toEqual({
    scope,
    affinity: true,
    services: [
      { ...web, slots: { blue: [place(1), place(2)], green: [] } },
      { ...web, slots: { blue: [place(1), place(2)], green: [] }, baseline: [place(3)] },
    ],
  });
});

test('what routers of the previous version wrote is read: hosts and paths as they were, without `exact` [proves hosts, paths]', () => {
  const written = (app: string, routes: { port: number; host?: string; path?: string }[]) => {
    const slots = { blue: [{ address: '10.210.0.16', port: 1 }], green: [] };
    return {
      routing: {
        scope: { app, environment: 'production' },
        affinity: true,
        services: [{ service: 'web', routes, slots }],
      },
    };
  };
  const shop = written('shop', [{ port: 80 }, { port: 80, host: 'Shop.Example', path: '/api/' }]);
  const [entries] = entriesByPort([shop, written('docs', [{ port: 80, path: '/docs' }])]).values();
  expect(entries!.map(({ scope, route }) => [scope.app, route.path ?? '/'])).toEqual([
    ['shop', '/api/'],
    ['docs', '/docs'],
    ['shop', '/'],
  ]);
  const other = written('other', [{ port: 80, host: 'shop.example', path: '/api' }]);
  expect(() => entriesByPort([shop, other])).toThrow(
    'port 80, host shop.example, paths from /api is claimed by shop/production web and by other/production web',
  );
});
