import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Service {
  image: string;
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
}

const { services } = parse(readFileSync(join(__dirname, '../../docker-compose.temporal.yml'), 'utf8'), {
  merge: true,
}) as { services: Record<string, Service> };

test('the Web UI of the composition offers nothing that ends a release without putting anything back [proves ui]', () => {
  expect(services['temporal-ui']!.environment).toMatchObject({
    TEMPORAL_WORKFLOW_TERMINATE_DISABLED: 'true',
    TEMPORAL_WORKFLOW_RESET_DISABLED: 'true',
    TEMPORAL_WORKFLOW_PAUSE_DISABLED: 'true',
    TEMPORAL_BATCH_ACTIONS_DISABLED: 'true',
  });
});

test('server and schema tool are of one version, and the health check needs only what the server’s image has', () => {
  const versions = ['temporal', 'temporal-schema', 'temporal-namespace'].map(
    (name) => /:([\d.]+)\}$/.exec(services[name]!.image)?.[1],
  );
  expect(new Set(versions).size).toBe(1);
  expect(services.temporal!.healthcheck!.test.slice(0, 2)).toEqual(['CMD', 'wget']);
});
