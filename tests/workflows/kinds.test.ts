import { KINDS } from '../../domain/kinds';
import * as workflows from '../../workflows';

test('every kind of request has its workflow', () => {
  for (const { workflow } of Object.values(KINDS)) expect(Object.keys(workflows)).toContain(workflow);
});
