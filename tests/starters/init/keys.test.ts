import { BUILD_KEYS, DEPLOY_KEYS, HEALTHCHECK_KEYS } from '../../../starters/init/keys/build-and-deploy';
import { SERVICE_KEYS } from '../../../starters/init/keys/service';
import { askAboutKeys, needOfMachine } from '../../../starters/init/keys/unread';
import { COMPOSE_KEYS } from './compose-keys';

function asked(given: Record<string, unknown>) {
  const questions: { key: string; text: string; importance?: string; items?: string[] }[] = [];
  askAboutKeys(given, (key, text, more) => void questions.push({ key, text, ...more }));
  return questions;
}

test.each([
  ['a service', SERVICE_KEYS, COMPOSE_KEYS.service],
  ['`build`', BUILD_KEYS, COMPOSE_KEYS.build],
  ['`deploy`', DEPLOY_KEYS, COMPOSE_KEYS.deploy],
  ['`healthcheck`', HEALTHCHECK_KEYS, COMPOSE_KEYS.healthcheck],
])('each key that the Compose specification has for %s is treated [proves 14]', (_, table, keys) => {
  expect(Object.keys(table).sort()).toEqual([...keys].sort());
});

test.each(Object.entries(SERVICE_KEYS).filter(([, { fate }]) => fate !== 'carried'))(
  'the key %s is not dropped without a word [proves 14]',
  (key) => expect(asked({ [key]: 'something-else' })).not.toEqual([]),
);

test.each(Object.entries(BUILD_KEYS).filter(([, { fate }]) => fate !== 'carried'))(
  'the key build.%s is not dropped without a word [proves 14]',
  (key) => expect(asked({ build: { [key]: ['something-else'] } })).not.toEqual([]),
);

test.each([
  [{ privileged: false }],
  [{ cap_add: [] }],
  [{ init: 'false' }],
  [{ security_opt: ['no-new-privileges:true'] }],
  [{ network_mode: 'bridge' }],
  [{ 'x-team': 'shop' }],
  [{ deploy: { mode: 'replicated' } }],
])('%j changes nothing, so nobody is asked', (given) => expect(asked(given)).toEqual([]));

test('what Spillway does in its own way is one line, and what Compose itself does not know another', () => {
  expect(asked({ restart: 'always', container_name: 'web', deploy: { update_config: {} }, net: 'host' })).toEqual([
    { key: '', text: 'Spillway has no counterpart for {items}', items: ['`net`'] },
    {
      key: '',
      text: 'Spillway does in its own way what the Compose file says by {items}',
      items: ['`restart`', '`container_name`', '`deploy.update_config`'],
    },
  ]);
});

test.each([
  [{ gpus: 'all' }, 'GPU'],
  [{ deploy: { resources: { reservations: { devices: [{ capabilities: ['gpu'] }] } } } }, 'GPU'],
  [{ runtime: 'nvidia' }, 'GPU'],
  [{ devices: ['/dev/ttyUSB0'] }, 'devices of the machine'],
  [{ network_mode: 'host' }, 'network of the machine'],
  [{ network_mode: 'service:vpn' }, 'network of another container'],
  [{ pid: 'host' }, 'all processes'],
])('what needs the machine is known: %j [proves 14]', (given, because) => {
  expect(needOfMachine(given)).toContain(because);
});

test('what needs nothing of the machine is left alone', () => {
  expect(
    needOfMachine({ gpus: [], network_mode: 'bridge', deploy: { resources: { reservations: { cpus: '1' } } } }),
  ).toBeUndefined();
});
