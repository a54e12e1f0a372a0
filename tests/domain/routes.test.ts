import type { RouteConfig } from '../../domain/config';
import { describeRoute, hostFor, moreParticular, plainHost, routeConflicts, takesPath } from '../../domain/routes';

const at = (host: string | undefined, path?: string, exact?: boolean): RouteConfig => ({
  port: 80,
  ...(host !== undefined && { host }),
  ...(path !== undefined && { path }),
  ...(exact !== undefined && { exact }),
});
const conflicts = (...routes: RouteConfig[]): number => routeConflicts(routes.map((route) => ({ route }))).length;

test.each([
  ['Example.com.', 'example.com'],
  ['a_b', 'a_b'],
  ['*.Example.com', '*.example.com'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0::1', '[2001:db8::1]'],
  ['[::1]', '[::1]'],
])('host %s is made plain [proves hosts]', (given, plain) => {
  expect(plainHost(given)).toBe(plain);
  expect(plainHost(plain)).toBe(plain);
});

test.each([
  ['a last slash', at(undefined, '/api'), at(undefined, '/api/')],
  ['several slashes', at(undefined, '/a/b'), at(undefined, '//a///b')],
  ['no path', at(undefined), at(undefined, '/')],
  ['a percent-code', at(undefined, '/api'), at(undefined, '/%61pi')],
  ['letters beyond ASCII', at(undefined, '/café'), at(undefined, '/caf%c3%a9')],
  ['upper case and a last dot', at('shop.example.com'), at('Shop.Example.com.')],
  ['spellings of an address', at('[::1]'), at('0:0:0:0:0:0:0:1')],
])('%s makes no difference, so two such routes are a conflict [proves paths]', (_, one, other) => {
  expect(conflicts(one, other)).toBe(1);
});

test.each([
  ['an encoded slash', at(undefined, '/a/b'), at(undefined, '/a%2Fb')],
  ['upper case in a path', at(undefined, '/api'), at(undefined, '/API')],
  ['an exact path and a prefix', at(undefined, '/api'), at(undefined, '/api', true)],
  ['a last slash of an exact path', at(undefined, '/api/', true), at(undefined, '/api', true)],
  ['a wildcard and its name', at('*.example.com'), at('example.com')],
  ['two ports', at('a.example'), { ...at('a.example'), port: 81 }],
])('%s makes a difference [proves paths]', (_, one, other) => {
  expect(conflicts(one, other)).toBe(0);
});

test('names come before wildcards, longer ones first, and exact paths before prefixes [proves hosts, paths]', () => {
  const sorted = [
    at('a.b.example', '/long', true),
    at('a.b.example', '/longer/path'),
    at('a.b.example'),
    at('*.b.example', '/x'),
    at('*.example', '/longer/path'),
    at(undefined, '/x', true),
    at(undefined, '/x/y'),
    at(undefined),
  ];
  expect([...sorted].reverse().sort(moreParticular)).toEqual(sorted);
});

test('a path is taken by whole segments, with whatever query [proves paths]', () => {
  const taken = (route: RouteConfig, paths: string[]) => paths.filter((path) => takesPath(route, path));
  const asked = ['/api', '/api/', '/api/x', '/api?q', '//api', '/%61pi/x', '/api2', '/', '/api%2Fx', '/v1/api'];
  expect(taken(at(undefined, '/api'), asked)).toEqual(asked.slice(0, 6));
  expect(taken(at(undefined, '/api', true), asked)).toEqual(['/api', '/api?q', '//api']);
  expect(taken(at(undefined), asked)).toEqual(asked);
});

test('a host for requests of a wildcard is a name below it', () => {
  expect(hostFor(at('*.example.com'))).toBe('spillway.example.com');
  expect(hostFor(at('Shop.example.com'))).toBe('shop.example.com');
  expect(hostFor(at(undefined))).toBeUndefined();
});

test('a route is described in its plain form', () => {
  expect(describeRoute(at('Shop.example', '/a/'))).toBe('port 80, host shop.example, paths from /a');
  expect(describeRoute(at(undefined, '/a"b', true))).toBe('port 80, any host, only path /a%22b');
});
