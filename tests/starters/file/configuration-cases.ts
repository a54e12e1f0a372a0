import { ANALYSIS_CASES } from './configuration-cases-analysis';
import { PERCENT_CASES } from './configuration-cases-percent';
import { SERVICE_CASES } from './configuration-cases-services';
import { type Case, RIGHT, service, top } from './configuration-right';

/** Every wrong file. */
export const CASES: Case[] = [
  ...SERVICE_CASES,
  ...ANALYSIS_CASES,
  ...PERCENT_CASES,
  [
    'a duration without a unit',
    top('drain: {cap: 30}'),
    ['spillway.yaml:9 drain.cap: expected a duration such as 500ms, 30s, 5m or 24h, seen the number 30'],
  ],
  [
    'a duration in words',
    top('drain: {cap: 30 seconds}'),
    ['spillway.yaml:9 drain.cap: expected a duration such as 500ms, 30s, 5m or 24h, seen "30 seconds"'],
  ],
  [
    'a duration longer than a timer lasts',
    top('bake: {soak: 30d}'),
    ['spillway.yaml:9 bake.soak: expected at most 24d, seen "30d"'],
  ],
  [
    'an interval of nothing',
    top('canary: {interval: 0s}'),
    ['spillway.yaml:9 canary.interval: expected at least 10ms, seen "0s"'],
  ],
  [
    'a check of another service',
    service('health: {endpoints: [{path: /up, service: frontend}]}'),
    ['spillway.yaml:9 services.backend.health.endpoints[0].service: expected "backend" or nothing, seen "frontend"'],
  ],
  [
    'a check of a body that HEAD does not have',
    service('health: {endpoints: [{path: /up, method: HEAD, contains: ok}]}'),
    [
      'spillway.yaml:9 services.backend.health.endpoints[0].method: expected a method whose answer has a body, because `json` or `contains` looks into it, seen "HEAD"',
    ],
  ],
  [
    'a check with a credential',
    service('health:\n  endpoints:\n    - path: /up\n      headers: {Authorization: Bearer hunter2}'),
    [
      'spillway.yaml:12 services.backend.health.endpoints[0].headers.Authorization: expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
    ],
  ],
  [
    'a check that is slower than its time-out',
    service('health: {endpoints: [{path: /up, timeout: 1s, maxLatency: 2s}]}'),
    [
      'spillway.yaml:9 services.backend.health.endpoints[0].maxLatency: expected no more than `timeout`, after which nobody waits for the answer',
    ],
  ],
  [
    'a smoke check without a service',
    top('smoke: {checks: [{path: /}]}'),
    ['spillway.yaml:9 smoke.checks[0].service: expected a value, seen nothing'],
  ],
  [
    'a smoke check of an unknown service',
    top('smoke: {checks: [{service: frontend, path: /}]}'),
    ['spillway.yaml:9 smoke.checks[0].service: expected one of the services (backend), seen "frontend"'],
  ],
  [
    'a smoke check of a service without a port',
    top('  worker: {image: w, traffic: none, run: both}\nsmoke: {checks: [{service: worker, path: /}]}'),
    ['spillway.yaml:10 smoke.checks[0].service: expected a service with a port, seen "worker", which has none'],
  ],
  [
    'a smoke check of a service that does not run yet',
    top('  worker: {image: w, port: 1, traffic: none, run: live-only}\nsmoke: {checks: [{service: worker, path: /}]}'),
    [
      'spillway.yaml:10 smoke.checks[0].service: expected a service that runs before the switch, seen "worker", which is `live-only`',
    ],
  ],
  [
    'a smoke check of a job that has ended',
    top('  seed: {image: w, port: 1, traffic: none, run: once}\nsmoke: {checks: [{service: seed, path: /}]}'),
    [
      'spillway.yaml:10 smoke.checks[0].service: expected a service that runs before the switch, seen "seed", which is `once`',
    ],
  ],
  [
    'two smoke checks of one name',
    top('smoke: {checks: [{service: backend, path: /a, name: up}, {service: backend, path: /b, name: up}]}'),
    ['spillway.yaml:9 smoke.checks[1].name: expected each name once, seen "up" again'],
  ],
  [
    'shares that do not rise',
    top('canary:\n  steps:\n    - weight: 10\n    - weight: 50\n    - weight: 50'),
    ['spillway.yaml:13 canary.steps[2].weight: expected more than 50, seen 50'],
  ],
  [
    'a share of nothing',
    top('canary: {steps: [{weight: 0}]}'),
    ['spillway.yaml:9 canary.steps[0].weight: expected at least 1, seen the number 0'],
  ],
  [
    'a share of more than everything',
    top('canary: {steps: [{weight: 101}]}'),
    ['spillway.yaml:9 canary.steps[0].weight: expected at most 100, seen the number 101'],
  ],
  [
    'a canary without traffic',
    RIGHT.replace(/ {4}routes:\n.*\n/, '') + 'canary: {steps: [{weight: 10}]}\n',
    ['spillway.yaml:7 canary.steps: expected no steps, because no service has a route and so no traffic to share'],
  ],
  [
    'an error rate of more than everything',
    top('canary: {limits: {errorRate: 500}}'),
    [
      'spillway.yaml:9 canary.limits.errorRate: expected per cent from 0 to 100, such as 5 or "0.5%", seen the number 500',
    ],
  ],
  [
    'an unknown answer to an inconclusive canary',
    top('canary: {inconclusive: wait}'),
    ['spillway.yaml:9 canary.inconclusive: expected hold, fail or continue, seen "wait"'],
  ],
  [
    'a router of an unknown kind',
    top('router: {kind: traefik}'),
    ['spillway.yaml:9 router.kind: expected haproxy or nginx, seen "traefik"'],
  ],
  [
    'a needed key that is misspelt, once',
    RIGHT.replace('services:', 'servces:'),
    ['spillway.yaml:3 servces: unknown key, did you mean "services"?'],
  ],
  [
    'a key of nginx without its kind, which is HAProxy’s then',
    top('router: {attach: {reload: [nginx, -s, reload]}}'),
    [
      'spillway.yaml:9 router.attach.masterSocket: expected an absolute path, seen nothing',
      'spillway.yaml:9 router.attach.directory: expected an absolute path, seen nothing',
      'spillway.yaml:9 router.attach.reload: unknown key, expected one of masterSocket, directory',
    ],
  ],
  [
    'a key of the other router',
    top('router: {kind: nginx, attach: {masterSocket: /run/haproxy.sock, directory: /etc/nginx}}'),
    ['spillway.yaml:9 router.attach.masterSocket: unknown key, expected one of directory, test, reload'],
  ],
  [
    'a TLS port that no route uses',
    top('router: {kind: haproxy, tls: {certificates: /certs, ports: [443]}}'),
    ['spillway.yaml:9 router.tls.ports[0]: expected the port of a route, seen 443, which no route uses'],
  ],
  [
    'an unknown database',
    top('database: {driver: mysql, url: {env: DB}}'),
    ['spillway.yaml:9 database.driver: expected postgres, seen "mysql"'],
  ],
  [
    'an unknown kind of a named database',
    top('databases: {orders: {driver: mysql, url: {env: DB}}}'),
    ['spillway.yaml:9 databases.orders.driver: expected postgres, seen "mysql"'],
  ],
  [
    'several databases',
    top('databases: {orders: {url: {env: DB}}, stock: {url: {env: STOCK}}}'),
    [
      'spillway.yaml:9 databases: expected one database, since a release backs up and migrates one so far, seen orders, stock; leave the others out',
    ],
  ],
  [
    'a database in both ways',
    top('database: {url: {env: DB}}\ndatabases: {orders: {url: {env: DB}}}'),
    [
      'spillway.yaml:10 databases: expected `database` or `databases`, seen both; `database` is short for `databases: {main: …}`, so leave it out',
    ],
  ],
  [
    'an unknown kind of store',
    top('backup: {store: {kind: s3, directory: /mnt}}'),
    ['spillway.yaml:9 backup.store.kind: expected folder, seen "s3"'],
  ],
  [
    'a store in a relative folder',
    top('backup: {store: {directory: ./backups}}'),
    ['spillway.yaml:9 backup.store.directory: expected an absolute path, seen "./backups"'],
  ],
  [
    'a database without its address',
    top('database: {driver: postgres}'),
    ['spillway.yaml:9 database.url: expected a secret as {env: NAME} or {file: PATH}, seen nothing'],
  ],
  [
    'an address of a database in plain text',
    top('database: {driver: postgres, url: "postgres://shop:hunter2@db/shop"}'),
    ['spillway.yaml:9 database.url: expected a secret as {env: NAME} or {file: PATH}, seen plain text'],
  ],
  [
    'migrations that are a path',
    top('database: {driver: postgres, url: {env: DB}, migrations: ./migrations}'),
    [
      'spillway.yaml:9 database.migrations: expected `directory`, or the commands `status`, `up` and `down`, seen "./migrations"',
    ],
  ],
  [
    'migrations with a command missing',
    top('database: {driver: postgres, url: {env: DB}, migrations: {status: [s], up: [u]}}'),
    [
      'spillway.yaml:9 database.migrations.down: expected a list of words such as ["npm", "run", "check"], seen nothing',
    ],
  ],
  [
    'migrations with a typing error',
    top('database: {driver: postgres, url: {env: DB}, migrations: {directry: ./migrations}}'),
    ['spillway.yaml:9 database.migrations.directry: unknown key, did you mean "directory"?'],
  ],
  [
    'a wait for a lock that outlasts its statement',
    top('database: {driver: postgres, url: {env: DB}, statementTimeout: 1s, lockTimeout: 2s}'),
    ['spillway.yaml:9 database.lockTimeout: expected no more than `statementTimeout`, of which it is a part'],
  ],
  [
    'an engine without a scheme',
    top('target: {host: shop.example.com}'),
    ['spillway.yaml:9 target.host: expected unix://PATH, tcp://HOST:PORT or ssh://USER@HOST, seen "shop.example.com"'],
  ],
  [
    'TLS for a local engine',
    top('target:\n  host: unix:///run/docker.sock\n  tls: {ca: a, cert: b, key: c}'),
    ['spillway.yaml:11 target.tls: expected only with a tcp:// host'],
  ],
  [
    'a key of SSH in the folder of a project',
    top('target:\n  host: ssh://deploy@shop.example.com\n  sshKey: {file: keys/id}'),
    [
      'spillway.yaml:11 target.sshKey.file: expected an absolute path or one that begins with ~/, because the target is the same for every copy of this folder, seen "keys/id"',
    ],
  ],
  [
    'a pool of addresses that is none',
    top('target: {addressPool: 10.300.0.0/16}'),
    [
      'spillway.yaml:9 target.addressPool: expected a private network such as 10.210.0.0/16, from /8 to /24, seen "10.300.0.0/16"',
    ],
  ],
  [
    'a relative folder on the target',
    top('target: {stateDirectory: ./state}'),
    ['spillway.yaml:9 target.stateDirectory: expected an absolute path, seen "./state"'],
  ],
  [
    'features that are the same variable',
    top('features: {new-cart: true, new_cart: false}'),
    ['spillway.yaml:9 features.new_cart: expected another name: FEATURE_NEW_CART stands for "new-cart" already'],
  ],
  [
    'environments that are a list',
    top('environments: [staging]'),
    ['spillway.yaml:9 environments: expected a mapping, seen a list'],
  ],
  [
    'an environment with a bad name',
    top('environments: {Production: {}}'),
    [
      'spillway.yaml:9 environments.Production: expected 2 to 40 lower-case letters, digits and dashes that start with a letter, seen "Production"',
    ],
  ],
  [
    'an environment that is a number',
    top('environments: {staging: 3}'),
    ['spillway.yaml:9 environments.staging: expected a mapping, seen the number 3'],
  ],
  [
    'an app that differs by environment',
    top('environments: {staging: {app: other}}'),
    [
      'spillway.yaml:9 environments.staging.app: expected to be the same in every environment; say it at the top of the file',
    ],
  ],
  [
    'a mistake in an override',
    top('environments:\n  staging:\n    services:\n      backend:\n        memory: lots'),
    [
      'spillway.yaml:13 environments.staging.services.backend.memory: expected a size such as 350MB or 1GiB, seen "lots"',
    ],
  ],
  [
    'an unknown key in an override',
    top('environments:\n  staging:\n    services:\n      backend:\n        replica: 2'),
    ['spillway.yaml:13 environments.staging.services.backend.replica: unknown key, did you mean "replicas"?'],
  ],
  [
    'a typing error in the name of a service of an override',
    top('environments:\n  staging:\n    services:\n      bakend: {replicas: 2}'),
    ['spillway.yaml:12 environments.staging.services.bakend: expected `build` or `image`, seen neither'],
  ],
  [
    'what an override makes wrong elsewhere',
    top('environments:\n  production:\n  staging:\n    services: {backend: {traffic: none, run: both}}'),
    ['spillway.yaml:7 services.backend.routes: expected no routes because of `traffic: none` (in staging)'],
  ],
  [
    'several mistakes at once',
    service('memroy: 5MB\ncpu: much').replace('app: shop', 'app: Shop') + 'drain: {cap: 3}\n',
    [
      'spillway.yaml:2 app: expected 2 to 40 lower-case letters, digits and dashes that start with a letter, seen "Shop"',
      'spillway.yaml:9 services.backend.memroy: unknown key, did you mean "memory"?',
      'spillway.yaml:10 services.backend.cpu: expected a number, seen "much"',
      'spillway.yaml:11 drain.cap: expected a duration such as 500ms, 30s, 5m or 24h, seen the number 3',
    ],
  ],
  [
    'a mistake in what was merged in',
    `x-base: &base\n  replicas: none\n${RIGHT}    <<: *base\n`,
    ['spillway.yaml:6 services.backend.replicas: expected a number, seen "none"'],
  ],
];
