import { appConfigSchema } from '../../../domain/config';
import { explain, mistakesIn } from '../../../domain/config/mistakes';

const withRoutes = (routes: unknown[]) => ({
  version: 1,
  app: 'shop',
  services: { web: { image: 'shop/web:{version}', port: 8080, routes } },
});
const mistakes = (...routes: unknown[]): string[] => {
  const input = withRoutes(routes);
  const { error } = appConfigSchema.safeParse(input, { error: explain });
  return error ? mistakesIn(error, input).map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
};

test.each([
  '*.example.com',
  'a_b',
  '_dmarc.example.com',
  'localhost',
  '192.0.2.1',
  '[::1]',
  '2001:db8::1',
  '1.example',
])('host %s is taken [proves hosts]', (host) => {
  expect(mistakes({ port: 80, host })).toEqual([]);
});

test('upper case and a last dot of a host are made plain [proves hosts]', () => {
  const config = appConfigSchema.parse(withRoutes([{ port: 80, host: 'Example.COM.' }]));
  expect(config.services.web!.routes).toEqual([{ port: 80, host: 'example.com' }]);
});

test.each([
  ['bücher.example', 'write xn--bcher-kva.example'],
  ['*.bücher.example', 'write *.xn--bcher-kva.example'],
  ['shop.example.com:8080', '`port` says on which port it is'],
  ['https://shop.example.com', 'write only the name'],
  ['*', 'leave `host` out for any host'],
  ['shop.*', 'expected * only in front'],
  ['a*.example.com', 'expected * only in front'],
  ['*.*.com', 'expected * only in front'],
  ['', 'expected a host name such as'],
  ['a..b', 'expected a host name such as'],
  ['-a.example', 'expected a host name such as'],
  ['a b', 'expected a host name such as'],
  ['a/b', 'expected a host name such as'],
  ["it's", 'expected a host name such as'],
  ['a;b', 'expected a host name such as'],
  ['a$b', 'expected a host name such as'],
  ['a.example\nb', 'expected a host name such as'],
  ['[::1', 'expected a host name such as'],
  [`${'a'.repeat(64)}.example`, 'expected a host name such as'],
])('host %j is refused with the reason [proves hosts, 5]', (host, reason) => {
  expect(mistakes({ port: 80, host })).toEqual([expect.stringContaining(reason)]);
});

test.each([
  '/',
  '/api',
  '/api/',
  "/it's",
  '/a"b',
  '/$host',
  '/a;b{c}',
  '/a\\b',
  '/%61pi',
  '/a%2Fb',
  '/café',
  '/v1.0/x',
])('path %s is taken [proves paths, 5]', (path) => {
  expect(mistakes({ port: 80, path })).toEqual([]);
});

test.each([
  ['api', 'expected a path that starts with /'],
  ['/x?y', 'expected a path without a query'],
  ['/x#y', 'expected a path without a fragment'],
  ['/x y', 'write a space as %20'],
  ['/x\ty', 'expected a path without spaces and control characters'],
  ['/x\u0001y', 'expected a path without spaces and control characters'],
  ['/x\u0085y', 'expected a path without spaces and control characters'],
  ['/x\uD800y', 'expected a path without spaces and control characters'],
  ['/x%00', 'expected a path without control characters'],
  ['/50%', 'write % as %25'],
  ['/%zz', 'write % as %25'],
  ['/api/*', 'expected a path without *'],
  ['/a/../b', 'expected a path without the segments . and ..'],
  ['/a/%2E%2e', 'expected a path without the segments . and ..'],
  ['/a/.', 'expected a path without the segments . and ..'],
  [`/${'a'.repeat(300)}`, 'expected at most 300 characters, seen 301'],
])('path %j is refused with the reason [proves paths, 5]', (path, reason) => {
  expect(mistakes({ port: 80, path })).toEqual([expect.stringContaining(reason)]);
});

test('`exact` needs a path [proves paths]', () => {
  expect(mistakes({ port: 80, path: '/api', exact: true })).toEqual([]);
  expect(mistakes({ port: 80, exact: true })).toEqual([
    'services.web.routes.0.exact: expected `path` with it, which is the path that it means, seen none',
  ]);
});

test('two routes for the same requests are refused before anything is asked of a router [proves hosts, paths]', () => {
  const one = { port: 80, host: 'shop.example', path: '/api' };
  expect(mistakes(one, { port: 80, host: 'Shop.example.', path: '//%61pi/' })).toEqual([
    'services.web.routes.1: expected a route of its own, seen port 80, host shop.example, paths from /api, which "web" has already: give one of them another port, host or path',
  ]);
  expect(mistakes(one, { ...one, exact: true }, { ...one, port: 81 }, { ...one, path: '/API' })).toEqual([]);
});
