/** A file that is right, of which each case makes a wrong one. */
export const RIGHT = `version: 1
app: shop
services:
  backend:
    image: shop/backend:{version}
    port: 8080
    routes:
      - port: 80
`;

/** What is wrong, the file, and the exact lines in which that is told. */
export type Case = [title: string, file: string, mistakes: string[]];

const service = (lines: string): string => `${RIGHT}${indented(lines, 4)}`;
const top = (lines: string): string => `${RIGHT}${lines}\n`;

function indented(lines: string, by: number): string {
  return `${lines.replace(/^/gm, ' '.repeat(by))}\n`;
}

export const CASES: Case[] = [
  ['an empty file', '', ['spillway.yaml expected a mapping with `version: 1`, `app` and `services`, seen nothing']],
  [
    'a list at the top',
    '- version: 1\n',
    ['spillway.yaml expected a mapping with `version: 1`, `app` and `services`, seen a list'],
  ],
  [
    'a tab for indentation',
    'version: 1\nservices:\n\tbackend: {}\n',
    ['spillway.yaml:3 not valid YAML: Tabs are not allowed as indentation'],
  ],
  [
    'a key given twice',
    `${RIGHT}    port: 9090\n`,
    ['spillway.yaml:9 the key "port" stands twice in the same mapping'],
  ],
  [
    'an alias without an anchor',
    top('smoke: *nothing'),
    ['spillway.yaml not valid YAML: Unresolved alias (the anchor must be set before the alias): nothing'],
  ],
  ['a tag that nobody knows', top('features: !wrong {}'), ['spillway.yaml:9 not valid YAML: Unresolved tag: !wrong']],
  ['no version of the format', RIGHT.replace('version: 1\n', ''), ['spillway.yaml version: expected 1, seen nothing']],
  [
    'a version of the format that is not known',
    RIGHT.replace('version: 1', 'version: 2'),
    ['spillway.yaml:1 version: expected 1, seen the number 2'],
  ],
  [
    'no app',
    RIGHT.replace('app: shop\n', ''),
    [
      'spillway.yaml app: expected 2 to 40 lower-case letters, digits and dashes that start with a letter, seen nothing',
    ],
  ],
  [
    'an app with capital letters',
    RIGHT.replace('app: shop', 'app: Shop'),
    [
      'spillway.yaml:2 app: expected 2 to 40 lower-case letters, digits and dashes that start with a letter, seen "Shop"',
    ],
  ],
  ['no services', 'version: 1\napp: shop\n', ['spillway.yaml services: expected a mapping, seen nothing']],
  [
    'an empty list of services',
    'version: 1\napp: shop\nservices: {}\n',
    ['spillway.yaml:3 services: expected at least one service, seen none'],
  ],
  [
    'services without content',
    'version: 1\napp: shop\nservices:\n',
    ['spillway.yaml:3 services: expected a mapping, seen nothing'],
  ],
  [
    'a service with a bad name',
    RIGHT.replace('backend:', 'back_end:'),
    [
      'spillway.yaml:4 services.back_end: expected 2 to 40 lower-case letters, digits and dashes that start with a letter, seen "back_end"',
    ],
  ],
  [
    'a key that is nearly right',
    service('memroy: 5MB'),
    ['spillway.yaml:9 services.backend.memroy: unknown key, did you mean "memory"?'],
  ],
  [
    'a key of Compose',
    service('depends_on: []'),
    [
      'spillway.yaml:9 services.backend.depends_on: unknown key, expected one of build, image, traffic, run, port, routes, health, replicas, cpu, memory, env, command, volumes, readOnlyRoot, stopGrace, finish, policy',
    ],
  ],
  [
    'a key at the top that is nearly right',
    top('cannary: {}'),
    ['spillway.yaml:9 cannary: unknown key, did you mean "canary"?'],
  ],
  [
    'neither build nor image',
    RIGHT.replace('image: shop/backend:{version}', 'replicas: 2'),
    ['spillway.yaml:4 services.backend: expected `build` or `image`, seen neither'],
  ],
  [
    'an image that is none',
    RIGHT.replace('shop/backend:{version}', 'Shop Backend'),
    [
      'spillway.yaml:5 services.backend.image: expected an image such as registry.example.com/shop/backend:{version}, seen "Shop Backend"',
    ],
  ],
  [
    'another placeholder than the version',
    RIGHT.replace('{version}', '{tag}'),
    ['spillway.yaml:5 services.backend.image: expected no other placeholder than {version}, seen "{tag}"'],
  ],
  [
    'a digest for what is built here',
    service('build: {context: .}').replace(':{version}', `@sha256:${'a'.repeat(64)}`),
    ['spillway.yaml:5 services.backend.image: expected a name and tag, because what is built here has no digest yet'],
  ],
  [
    'a port that is text',
    RIGHT.replace('8080', '"8080"'),
    ['spillway.yaml:6 services.backend.port: expected a number, seen "8080"'],
  ],
  [
    'a port that is too large',
    RIGHT.replace('8080', '80800'),
    ['spillway.yaml:6 services.backend.port: expected at most 65535, seen the number 80800'],
  ],
  [
    'routes without a port',
    RIGHT.replace('    port: 8080\n', ''),
    ['spillway.yaml:4 services.backend.port: expected the port of the container, because it has routes, seen nothing'],
  ],
  [
    'health endpoints without a port',
    'version: 1\napp: shop\nservices:\n  worker:\n    image: w\n    health: {endpoints: [{path: /up}]}\n',
    [
      'spillway.yaml:4 services.worker.port: expected the port of the container, because it has health endpoints, seen nothing',
    ],
  ],
  [
    'a route that is nothing but a number',
    RIGHT.replace('- port: 80\n', '- 80\n'),
    ['spillway.yaml:8 services.backend.routes[0]: expected a mapping, seen the number 80'],
  ],
  [
    'a path without its slash',
    RIGHT.replace('- port: 80\n', '- {port: 80, path: api}\n'),
    ['spillway.yaml:8 services.backend.routes[0].path: expected a path that starts with /, seen "api"'],
  ],
  [
    'a host with a scheme',
    RIGHT.replace('- port: 80\n', '- {port: 80, host: "https://shop.example.com"}\n'),
    [
      'spillway.yaml:8 services.backend.routes[0].host: expected a host name such as shop.example.com, seen "https://shop.example.com"',
    ],
  ],
  [
    'two services with the same route',
    RIGHT + '  frontend: {image: f, port: 80, routes: [{port: 80, path: /}]}\n',
    [
      'spillway.yaml:9 services.frontend.routes[0]: expected a route of its own, seen :80/, which "backend" has already',
    ],
  ],
  [
    'no traffic and nothing said about running twice',
    'version: 1\napp: shop\nservices:\n  worker:\n    image: w\n    traffic: none\n',
    [
      'spillway.yaml:4 services.worker.run: expected `both` (old and new may run at once) or `live-only` because of `traffic: none`, seen nothing',
    ],
  ],
  [
    'no traffic, but routes',
    service('traffic: none\nrun: both'),
    ['spillway.yaml:7 services.backend.routes: expected no routes because of `traffic: none`'],
  ],
  [
    'run for a service with traffic',
    service('run: both'),
    [
      'spillway.yaml:9 services.backend.run: expected only with `traffic: none`; what takes traffic always runs in both slots',
    ],
  ],
  [
    'finish for a service that runs in both slots',
    service('finish: [./finish]'),
    ['spillway.yaml:9 services.backend.finish: expected only with `run: live-only`'],
  ],
  [
    'an unknown kind of traffic',
    service('traffic: tcp'),
    ['spillway.yaml:9 services.backend.traffic: expected http or none, seen "tcp"'],
  ],
  [
    'no replicas',
    service('replicas: 0'),
    ['spillway.yaml:9 services.backend.replicas: expected at least 1, seen the number 0'],
  ],
  [
    'half a replica',
    service('replicas: 1.5'),
    ['spillway.yaml:9 services.backend.replicas: expected a whole number, seen the number 1.5'],
  ],
  [
    'no share of a core',
    service('cpu: 0'),
    ['spillway.yaml:9 services.backend.cpu: expected at least 0.01, seen the number 0'],
  ],
  [
    'memory without a unit',
    service('memory: 512'),
    ['spillway.yaml:9 services.backend.memory: expected a size such as 350MB or 1GiB, seen the number 512'],
  ],
  [
    'memory with the unit of another tool',
    service('memory: 512Mi'),
    ['spillway.yaml:9 services.backend.memory: expected a size such as 350MB or 1GiB, seen "512Mi"'],
  ],
  [
    'less memory than Docker gives',
    service('memory: 1MB'),
    ['spillway.yaml:9 services.backend.memory: expected at least 6MiB, seen "1MB"'],
  ],
  [
    'a variable that is a number',
    service('env:\n  PORT: 8080'),
    [
      'spillway.yaml:10 services.backend.env.PORT: expected text in quotes, or a secret as {env: NAME} or {file: PATH}, seen the number 8080',
    ],
  ],
  [
    'a variable with a bad name',
    service('env: {MY-VAR: x}'),
    [
      'spillway.yaml:9 services.backend.env.MY-VAR: expected a name of letters, digits and _ that does not start with a digit, seen "MY-VAR"',
    ],
  ],
  [
    'a secret in plain text',
    service('env: {DB_PASSWORD: hunter2}'),
    [
      'spillway.yaml:9 services.backend.env.DB_PASSWORD: expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
    ],
  ],
  [
    'a password in an address',
    service('env:\n  DATABASE: postgres://shop:hunter2@db/shop'),
    [
      'spillway.yaml:10 services.backend.env.DATABASE: expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
    ],
  ],
  [
    'a secret in a build argument',
    service('build: {context: ., args: {NPM_TOKEN: hunter2}}'),
    [
      'spillway.yaml:9 services.backend.build.args.NPM_TOKEN: expected no secret, because build arguments stay in the image’s history',
    ],
  ],
  [
    'a reference to a secret of an unknown kind',
    service('env: {A: {vault: x}}'),
    [
      'spillway.yaml:9 services.backend.env.A: expected text in quotes, or a secret as {env: NAME} or {file: PATH}, seen a mapping',
    ],
  ],
  [
    'a writable volume that is not shared',
    service('volumes: [{source: data, target: /data}]'),
    [
      'spillway.yaml:9 services.backend.volumes[0]: expected `shared: true` or `readOnly: true`, because both slots would write to it at once',
    ],
  ],
  [
    'a relative path for a volume',
    service('volumes: [{source: ./data, target: /data, readOnly: true}]'),
    [
      'spillway.yaml:9 services.backend.volumes[0].source: expected the name of a volume, or an absolute path on the target, seen "./data"',
    ],
  ],
  [
    'two volumes in the same place',
    service('volumes: [{source: one, target: /d, readOnly: true}, {source: two, target: /d, readOnly: true}]'),
    ['spillway.yaml:9 services.backend.volumes[1].target: expected each target once, seen "/d" again'],
  ],
  [
    'a command that is one text',
    service('command: node server.js'),
    [
      'spillway.yaml:9 services.backend.command: expected a list of words such as ["npm", "run", "check"], seen "node server.js"',
    ],
  ],
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
      'spillway.yaml:12 services.backend.health.endpoints[0].headers.Authorization: expected no secret, because the configuration is kept in the history of the release',
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
    ['spillway.yaml:9 canary.steps[0].weight: expected more than 0, seen 0'],
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
    ['spillway.yaml:9 canary.limits.errorRate: expected at most 100, seen the number 500'],
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
    'a router without its kind',
    top('router: {image: nginx}'),
    ['spillway.yaml:9 router.kind: expected haproxy or nginx, seen nothing'],
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
    [
      'spillway.yaml:9 database.migrations.directory: expected text, seen nothing',
      'spillway.yaml:9 database.migrations.directry: unknown key, did you mean "directory"?',
    ],
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
