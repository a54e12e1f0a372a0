import { appConfigSchema } from '../../../domain/config';

/* Settings about what passes between routers and versions. */

function told(api: object, more: object = {}): string[] {
  const services = { api: { image: 'x', ...api } };
  const { error } = appConfigSchema.safeParse({ version: 1, app: 'demo', services, ...more });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const routed = { port: 8080, routes: [{ port: 80 }] };

test('a check of gRPC is for a service that speaks HTTP/2 [proves grpc]', () => {
  const smoke = { smoke: { checks: [{ service: 'api', grpc: 'fx.Rates' }] } };
  expect(told({ ...routed, protocol: 'h2c' }, smoke)).toEqual([]);
  expect(told(routed, smoke)).toEqual([
    expect.stringMatching(/^smoke.checks.0.grpc: expected only .* `protocol: h2c`/),
  ]);
});

test('a check asks either a path or gRPC', () => {
  const health = (check: object) => ({ ...routed, protocol: 'h2c', health: { endpoints: [check] } });
  expect(told(health({}))).toEqual([expect.stringContaining('expected a path that starts with /, or `grpc`')]);
  expect(told(health({ grpc: '', path: '/x', contains: 'y' }))).toHaveLength(2);
});

test('what is said about requests needs a port and routes', () => {
  expect(told({ protocol: 'h2c' })).toEqual([expect.stringContaining('because it has a `protocol`')]);
  expect(told({ port: 80, timeouts: { answer: '1m' } })).toEqual([
    expect.stringContaining('expected only with `routes`'),
  ]);
});

test('limits of heads have bounds [proves 10]', () => {
  const limited = (limits: object) => told(routed, { router: { kind: 'nginx', limits } });
  expect(limited({ requestHead: '128KiB' })).toEqual([]);
  expect(limited({ answerHead: '2MiB' })).toEqual([expect.stringContaining('expected at most 1MiB, seen "2MiB"')]);
});
