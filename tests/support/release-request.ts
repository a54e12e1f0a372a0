import { randomUUID } from 'node:crypto';
import { appConfigSchema } from '../../domain/config';
import type { Live } from '../../domain/release';
import type { ReleaseRequest } from '../../domain/request';

/** What serves before a release, in blue. */
export const LIVE: Live = {
  slot: 'blue',
  version: '1.0.0',
  releaseId: 'r0',
  images: [],
  identity: 'identity of 1.0.0',
};

const TWO_STEPS = {
  steps: [
    { weight: 10, soak: '1m' },
    { weight: 50, soak: '1m' },
  ],
};

/** A request for 1.1.0 with two canary steps, of an app that only this test knows. */
export function requestWith(
  settings: Record<string, unknown> & { canary?: object } = {},
  rest: Partial<ReleaseRequest> = {},
): ReleaseRequest {
  const app = `fx-${randomUUID().slice(0, 8)}`;
  const config = appConfigSchema.parse({
    version: 1,
    app,
    services: { web: { image: 'fx-web', port: 8080, routes: [{ port: 80 }] } },
    ...settings,
    canary: { limits: { errorRate: 5 }, ...(settings.canary ?? TWO_STEPS) },
  });
  return {
    kind: 'release',
    app,
    environment: 'production',
    id: `${app}-r1`,
    version: '1.1.0',
    config,
    projectDirectory: '/project',
    options: { skipBuild: false, testOnly: false, noRollback: false, again: false },
    who: 'alice',
    note: '',
    requestedAt: 0,
    ...rest,
  };
}
