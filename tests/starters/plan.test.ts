import type { ReleaseRequest } from '../../domain/request';
import { coloursFor } from '../../starters/output';
import { renderPlan } from '../../starters/render/plan';

const plain = coloursFor({}, {});

test('a plan counts the checks that say no', () => {
  const request = { app: 'shop', environment: 'production', version: '1.3.0' } as ReleaseRequest;
  const checks = [
    { name: 'engine', ok: true, detail: 'answers' },
    { name: 'port 80', ok: false, detail: 'in use' },
    { name: 'data', ok: true, warning: true as const, detail: 'some stays behind' },
  ];
  const text = renderPlan(
    request,
    { live: null, slot: 'blue', checks, steps: [], caveats: ['nginx breaks some'] },
    plain,
  );
  expect(text).toContain('✗ port 80: in use');
  expect(text).toContain('! data: some stays behind');
  expect(text).toContain('! nginx breaks some');
  expect(text).toContain('would stop in preflight: 1 of 3 checks says no');
});
