import { type Case, RIGHT, service, top } from './configuration-right';

/** Wrong YAML, and wrong services. */
export const SERVICE_CASES: Case[] = [
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
    'a {version} in braces without quotes',
    'version: 1\napp: shop\nservices: { backend: { image: {registry}/shop:{version}, port: 80 } }\n',
    [
      'spillway.yaml:3 not valid YAML: Unexpected scalar at node end; ' +
        'write "{registry}/shop:{version}" in quotes, since YAML takes the {…} in it for a mapping',
    ],
  ],
  [
    'texts with braces on two lines of brackets',
    'version: 1\napp: shop\nservices: { backend: { image: a,\n  env: { A: v{version} },\n  command: [run, --tag={version}] } }\n',
    [
      'spillway.yaml:4 not valid YAML: Unexpected flow-map-start at node end; ' +
        'write "v{version}" in quotes, since YAML takes the {…} in it for a mapping',
      'spillway.yaml:5 not valid YAML: Missing , or : between flow sequence items; ' +
        'write "--tag={version}" in quotes, since YAML takes the {…} in it for a mapping',
    ],
  ],
  [
    'a text that begins with braces',
    'version: 1\napp: shop\nservices:\n  backend:\n    env:\n      A: {slot} and {version}\n',
    [
      'spillway.yaml:6 not valid YAML: Unexpected scalar at node end; ' +
        'write "{slot} and {version}" in quotes, since YAML takes the {…} in it for a mapping',
    ],
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
      'spillway.yaml:9 services.backend.depends_on: unknown key, expected one of build, image, traffic, run, longest, port, routes, protocol, timeouts, health, replicas, cpu, memory, env, command, volumes, discard, tmpfs, readOnlyRoot, networks, hosts, stopGrace, finish, policy',
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
      'spillway.yaml:8 services.backend.routes[0].host: expected a host name without scheme or path, seen "https://shop.example.com": write only the name',
    ],
  ],
  [
    'two services with the same route',
    RIGHT + '  frontend: {image: f, port: 80, routes: [{port: 80, path: /}]}\n',
    [
      'spillway.yaml:9 services.frontend.routes[0]: expected a route of its own, seen port 80, any host, any path, which "backend" has already: give one of them another port, host or path',
    ],
  ],
  [
    'no traffic and nothing said about running twice',
    'version: 1\napp: shop\nservices:\n  worker:\n    image: w\n    traffic: none\n',
    [
      'spillway.yaml:4 services.worker.run: expected `both` (old and new may run at once), `live-only` or `once` (a job that ends) because of `traffic: none`, seen nothing',
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
    'a job with replicas, health endpoints and more time than deploy has',
    'version: 1\napp: shop\nservices:\n  seed:\n    image: s\n    port: 80\n    traffic: none\n    run: once\n    replicas: 2\n    longest: 1h\n    health: {endpoints: [{path: /}]}\n',
    [
      'spillway.yaml:9 services.seed.replicas: expected 1 because of `run: once`, seen 2',
      'spillway.yaml:10 services.seed.longest: expected at most 10m, seen 1 h: let the job only begin what takes longer',
      'spillway.yaml:11 services.seed.health.endpoints: expected none because of `run: once`: its exit code tells how it went',
    ],
  ],
  [
    'a time for a job of a service that is none',
    service('longest: 2m'),
    ['spillway.yaml:9 services.backend.longest: expected only with `run: once`'],
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
    'a variable that Spillway gives itself',
    service('env: {SPILLWAY_SLOT: blue}'),
    [
      'spillway.yaml:9 services.backend.env.SPILLWAY_SLOT: expected another name: variables that begin with SPILLWAY_ are given by Spillway',
    ],
  ],
  [
    'a key of a payment service under a harmless name',
    service('env: {PAYMENT: sk_live_hunter2hunter2hunter2}'),
    [
      'spillway.yaml:9 services.backend.env.PAYMENT: expected no secret in plain text, seen one (not shown): write {env: NAME} or {file: PATH}',
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
    'two volumes in the same place, written differently',
    service('volumes: [{source: one, target: /d, readOnly: true}, {source: two, target: //d/, readOnly: true}]'),
    ['spillway.yaml:9 services.backend.volumes[1].target: expected each target once, seen "//d/" again'],
  ],
  [
    'a volume in the place of everything',
    service('volumes: [{source: one, target: /./, readOnly: true}]'),
    ['spillway.yaml:9 services.backend.volumes[0].target: expected a path below /, seen "/./"'],
  ],
  [
    'a path that may go and is none',
    service('discard: [data]'),
    ['spillway.yaml:9 services.backend.discard[0]: expected an absolute path, seen "data"'],
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
];
