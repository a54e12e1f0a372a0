import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Service {
  image: string;
  environment?: Record<string, string>;
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
