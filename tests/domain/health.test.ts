import type { HttpCheck } from '../../domain/config';
import { checkName, judgeAnswer, readyCheck } from '../../domain/health';
import type { Seen } from '../../domain/health';

const check = (settings: Partial<HttpCheck> = {}): HttpCheck => ({
  path: '/health',
  method: 'GET',
  headers: {},
  status: [200],
  json: {},
  timeout: 2_000,
  ...settings,
});
const judged = (check: HttpCheck, seen: Seen) => judgeAnswer(check, seen, (text) => text);
const seen = (body = '', status = 200, latency = 12.3) => ({ status, body, latency });

test('an answer with the right status passes', () => {
  expect(judged(check(), seen())).toEqual({ ok: true, detail: '200 in 12 ms' });
  expect(judged(check({ status: [200, 204] }), seen('', 204)).ok).toBe(true);
});

test('JSON fields are compared by dotted path, lists included, and strictly [proves D5]', () => {
  const body = JSON.stringify({ database: { status: 'healthy', lag: 0 }, checks: [{ ok: true }] });
  expect(
    judged(check({ json: { 'database.status': 'healthy', 'database.lag': 0, 'checks.0.ok': true } }), seen(body)).ok,
  ).toBe(true);
  expect(judged(check({ json: { 'database.lag': '0' } }), seen(body))).toEqual({
    ok: false,
    detail: 'expected database.lag to be "0", seen 0',
  });
  expect(judged(check({ json: { 'database.status': 'ok' } }), seen(body)).detail).toBe(
    'expected database.status to be "ok", seen "healthy"',
  );
  expect(judged(check({ json: { 'cache.status': 'ok' } }), seen(body)).detail).toBe(
    'expected cache.status to be "ok", seen no such field',
  );
});

test('a missing field never passes, and neither does one that an object inherits', () => {
  expect(judged(check({ json: { 'a.b.c': 'x' } }), seen('{"a":null}')).ok).toBe(false);
  expect(judged(check({ json: { 'constructor.name': 'Object' } }), seen('{}')).ok).toBe(false);
  expect(judged(check({ json: { a: 1 } }), seen('<html>')).detail).toBe('expected a JSON body, seen "<html>"');
});

test('every expectation that is missed is named at once', () => {
  const { ok, detail } = judged(check({ contains: 'ready', maxLatency: 10 }), seen('starting', 503));
  expect(ok).toBe(false);
  expect(detail).toBe(
    'expected status 200, seen 503 ("starting"); expected a body that contains "ready", seen "starting"; expected an answer within 10 ms, seen 12 ms',
  );
});

test('a long body is quoted in part', () => {
  expect(judged(check(), seen('x'.repeat(10_000), 500)).detail.length).toBeLessThan(300);
});

test('a check is called by its name, or by what it asks', () => {
  expect(checkName(check())).toBe('/health');
  expect(checkName(check({ service: 'web' }))).toBe('web /health');
  expect(checkName(check({ service: 'web', name: 'alive' }))).toBe('alive');
});

test('a secret that is repeated is redacted before the quote is cut', () => {
  const body = `${'x'.repeat(190)} s3cret-token`;
  const { detail } = judgeAnswer(check(), seen(body, 401), (text) => text.replaceAll('s3cret-token', '[redacted]'));
  expect(detail).toContain('x [reda');
  expect(detail).not.toContain('s3');
});

test('a check is ready once the secrets of its headers are in it; one that cannot be sent is named, not shown', async () => {
  const given = check({ headers: { Accept: 'text/plain', Authorization: { env: 'TOKEN' } } });
  const ready = await readyCheck(given, () => Promise.resolve('Bearer abc'));
  expect(ready.headers).toEqual({ Accept: 'text/plain', Authorization: 'Bearer abc' });
  const failed = await readyCheck(given, () => Promise.resolve('Bearer abc\nX: y')).catch((error: Error) => error);
  expect(failed).toMatchObject({ name: 'ConfigurationFailure' });
  expect((failed as Error).message).toMatch(/Authorization of the check \/health.*in env TOKEN/);
  expect((failed as Error).message).not.toContain('abc');
});
