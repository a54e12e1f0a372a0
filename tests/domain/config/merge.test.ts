import { merge } from '../../../domain/config/merge';

describe('an override', () => {
  test('merges mappings at every depth', () => {
    const base = { services: { backend: { replicas: 1, env: { A: '1', B: '2' } }, frontend: {} } };
    expect(merge(base, { services: { backend: { env: { B: '3', C: '4' } } } })).toEqual({
      services: { backend: { replicas: 1, env: { A: '1', B: '3', C: '4' } }, frontend: {} },
    });
  });

  test('leaves everything in the order of the base', () => {
    const merged = merge({ b: { x: 1 }, a: 1, c: 1 }, { d: 1, c: 2, b: { y: 2 } });
    expect(JSON.stringify(merged)).toBe('{"b":{"x":1,"y":2},"a":1,"c":2,"d":1}');
  });

  test('replaces lists and values', () => {
    expect(merge({ a: [1, 2], b: 1, c: { d: 1 } }, { a: [3], b: 'x', c: 2 })).toEqual({ a: [3], b: 'x', c: 2 });
  });

  test('replaces a reference to a secret as a whole', () => {
    expect(merge({ url: { env: 'A' } }, { url: { file: '/b' } })).toEqual({ url: { file: '/b' } });
    expect(merge({ v: 'plain' }, { v: { env: 'A' } })).toEqual({ v: { env: 'A' } });
  });

  test('merges the variables of a service that has nothing else', () => {
    expect(merge({ env: { A: '1' } }, { env: { B: '2' } })).toEqual({ env: { A: '1', B: '2' } });
  });

  test('replaces what changes its kind', () => {
    const base = { router: { kind: 'haproxy', tls: { certificates: '/certs', ports: [443] } } };
    expect(merge(base, { router: { kind: 'nginx' } })).toEqual({ router: { kind: 'nginx' } });
    expect(merge(base, { router: { image: 'mine' } })).toEqual({ router: { ...base.router, image: 'mine' } });
  });

  test('changes neither what it overrides nor the prototype of anything', () => {
    const base = { a: { b: 1 } };
    const merged = merge(base, JSON.parse('{"a":{"c":2},"__proto__":{"polluted":true}}'));
    expect(base).toEqual({ a: { b: 1 } });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(merged as object)).toContain('__proto__');
  });
});
