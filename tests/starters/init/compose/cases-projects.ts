import type { ComposeCase } from './cases';

const service = (body: string): string => `services:\n  web:\n    image: a\n${body.replace(/^/gm, '    ')}\n`;

const FORMS: [title: string, body: string][] = [
  [
    'ports',
    'ports: ["80", "8080:80", "127.0.0.1:8081:81/tcp", "53:53/udp", "[::1]:82:82", "8000-8002:90-92", "9000-9010:95"]',
  ],
  ['ports as numbers', 'ports: [80, 8080:81]'],
  [
    'ports in the long form',
    'ports: [{target: 80, published: "8080", host_ip: 127.0.0.1, protocol: tcp, mode: host, app_protocol: http}, {target: 81}]',
  ],
  ['a range of containers only', 'ports: ["3000-3002"]'],
  ['expose', 'expose: ["3000", 4000, "5000/udp"]'],
  [
    'volumes',
    'volumes: ["data:/data", "./x:/x:ro", "../y:/y", "/abs:/abs:ro,z", /anon, "data:/rw:rw"]\nread_only: true',
  ],
  [
    'volumes in the long form',
    'volumes: [{type: bind, source: ./x, target: /x, read_only: true}, {type: volume, target: /a}, {type: tmpfs, target: /t}]',
  ],
  ['a list of variables', 'environment: [A=x, "B=y=z", C=, D]'],
  ['a mapping of variables', 'environment: {A: x, B: 1, C: true, D: , E: ""}'],
  ['labels', 'labels: ["a.b=c", "d", "e=f=g"]'],
  ['labels as a mapping', 'labels: {a.b: c, d: 1, e: true}'],
  ['a command with quotes', `command: sh -c "echo 'a b' \\"c\\"" x\\ y 'd"e'`],
  ['a command as a list', 'command: ["sh", "-c", "echo a b"]\nentrypoint: []'],
  ['an entrypoint', 'entrypoint: /run.sh --a="b c"'],
  ['an empty command', 'command: []'],
  ['build as a word', 'build: ./app'],
  ['build as a mapping', 'build: {context: app, dockerfile: ../Dockerfile.prod, target: run, args: [A=1, B]}'],
  ['build from elsewhere', 'build: https://github.com/acme/web.git#main'],
  ['a health check as a word', 'healthcheck: {test: curl -f http://localhost/, interval: 1m30s, retries: 3}'],
  ['a health check that is off', 'healthcheck: {disable: true}'],
  ['hosts', 'extra_hosts: ["a:1.2.3.4", "b=::1", "host.docker.internal:host-gateway"]'],
  ['hosts as a mapping', 'extra_hosts: {a: 1.2.3.4}'],
  ['networks', 'networks: {front: {aliases: [shop]}, back: }'],
  ['profiles', 'profiles: [tools]'],
  ['a boolean from a variable', 'read_only: "${RO:-true}"\nscale: "${N:-2}"'],
];

const KNOWN =
  'networks: {front: , back: , other: {external: true}}\nvolumes: {data: , named: {name: own}, away: {external: true}}\n';

const TWO: [title: string, first: string, second: string][] = [
  ['the image', 'image: a:1', 'image: b:2'],
  ['variables', 'environment: {A: 1, B: 2}', 'environment: [B=3, C=4]'],
  ['a variable without a value', 'environment: {A: 1}', 'environment: [A]'],
  ['ports', 'ports: ["80:80", "81:81"]', 'ports: ["80:80", "82:82"]'],
  ['volumes of one target', 'volumes: ["data:/a", "./x:/b"]', 'volumes: ["named:/a"]'],
  ['commands', 'command: ["a", "b"]\nentrypoint: x', 'command: c'],
  ['dependencies', 'depends_on: {db: {condition: service_healthy}}', 'depends_on: [cache]'],
  ['labels', 'labels: [a=1, b=2]', 'labels: {b: 3}'],
  ['build', 'build: ./app', 'build: {args: {A: 1}, target: run}'],
  ['networks', 'networks: [front]', 'networks: {back: {aliases: [x]}}'],
  ['reset of a list', 'ports: ["80:80"]', 'ports: !reset []'],
  ['reset of a word', 'command: x', 'command: !reset null'],
  ['reset of one variable', 'environment: {A: 1, B: 2}', 'environment: {A: !reset null}'],
  ['override of a list', 'ports: ["80:80"]', 'ports: !override ["81:81"]'],
  ['override of a mapping', 'environment: {A: 1, B: 2}', 'environment: !override {C: 3}'],
  ['a health check', 'healthcheck: {test: ["CMD", "a"], interval: 5s}', 'healthcheck: {test: ["CMD", "b"]}'],
  ['profiles', 'profiles: [a]', 'profiles: [b]'],
  ['hosts', 'extra_hosts: ["a:1.1.1.1"]', 'extra_hosts: ["b:2.2.2.2"]'],
  ['files of variables', 'env_file: a.env', 'env_file: [b.env]'],
];

const both = (body: string): string =>
  service(body).replace('    image: a\n', body.includes('image:') ? '' : '    image: a\n') +
  '  db: {image: d}\n  cache: {image: c}\n' +
  KNOWN;

const PROJECTS: ComposeCase[] = [
  { title: 'the folder as the name', files: { 'compose.yaml': service('') } },
  { title: 'name', files: { 'compose.yaml': `name: shop_1\n${service('')}volumes: {data: }\n` } },
  { title: 'name with a variable', files: { 'compose.yaml': `name: \${P:-shop}\n${service('')}volumes: {data: }\n` } },
  {
    title: 'name of two files',
    files: { 'a.yaml': `name: one\n${service('')}`, 'b.yaml': 'name: two\nservices: {}\n' },
    named: ['a.yaml', 'b.yaml'],
  },
  {
    title: 'COMPOSE_PROJECT_NAME of .env',
    files: { 'compose.yaml': `name: x\n${service('')}volumes: {data: }\n`, '.env': 'COMPOSE_PROJECT_NAME=p21\n' },
  },
  {
    title: 'COMPOSE_PROJECT_NAME of the shell',
    files: { 'compose.yaml': service(''), '.env': 'COMPOSE_PROJECT_NAME=p21\n' },
    shell: { COMPOSE_PROJECT_NAME: 'mine' },
  },
  { title: 'a project name that Compose refuses', files: { 'compose.yaml': service('') }, projectName: 'My Shop' },
  {
    title: 'a project name',
    files: { 'compose.yaml': service('environment: {P: "${COMPOSE_PROJECT_NAME}"}') },
    projectName: 'mine',
  },
  {
    title: '.env under the shell',
    files: { 'compose.yaml': service('environment: {A: "$A", B: "$B", C: }'), '.env': 'A=file\nB=file\nC=file' },
    shell: { A: 'shell' },
  },
  {
    title: 'another file than .env',
    files: { 'compose.yaml': service('environment: {A: "$A", B: "$B"}'), '.env': 'A=x\nB=x', 'prod.env': 'A=y' },
    envFiles: ['prod.env'],
  },
  {
    title: 'two files of variables',
    files: { 'compose.yaml': service('environment: {A: "$A", B: "$B"}'), 'a.env': 'A=1\nB=1', 'b.env': 'B=2$A' },
    envFiles: ['a.env', 'b.env'],
  },
  {
    title: 'env_file under environment',
    files: {
      'compose.yaml': service(
        'env_file: [a.env, {path: b.env, required: false}, {path: none.env, required: false}]\nenvironment: {B: own}',
      ),
      'a.env': 'A=1\nB=1\nC=1',
      'b.env': 'C=2\nD=$A',
    },
  },
  {
    title: 'ports from .env',
    files: { 'compose.yaml': service('ports: ["${PORT}", "${P2}:80"]'), '.env': 'PORT=3000\nP2=8080' },
  },
  {
    title: 'variables in paths',
    files: { 'compose.yaml': service('build: {context: "./${DIR:-app}", dockerfile: "${F:-Dockerfile.prod}"}') },
  },
  {
    title: 'an image with a port and a default',
    files: { 'compose.yaml': 'services: {web: {image: "${IMG:-ghcr.io:5000/acme/web:1.2.3}"}}' },
  },
  {
    title: 'compose.override.yaml by itself',
    files: {
      'compose.yaml': service('environment: {A: 1}'),
      'compose.override.yaml': 'services: {web: {environment: {B: 2}}}',
    },
  },
  {
    title: 'docker-compose.yml and its override',
    files: {
      'docker-compose.yml': service('command: x'),
      'docker-compose.override.yml': 'services: {web: {command: y}}',
    },
  },
  {
    title: 'COMPOSE_FILE of .env',
    files: {
      'compose.yaml': service(''),
      'a.yaml': service('command: a'),
      'b.yaml': service('command: b'),
      '.env': 'COMPOSE_FILE=a.yaml:b.yaml',
    },
  },
  {
    title: 'several documents',
    files: { 'compose.yaml': `${service('command: x')}---\nservices: {web: {command: y}, db: {image: d}}\n` },
  },
  {
    title: 'merge keys',
    files: {
      'compose.yaml':
        'x-a: &a {environment: {A: 1}, image: x}\nx-b: &b {image: y, command: z}\nservices: {web: {<<: [*a, *b], environment: {B: 2}}, two: {<<: *a, image: own}}\n',
    },
  },
  {
    title: 'extends in the file',
    files: {
      'compose.yaml':
        'services: {base: {image: a, environment: {A: 1}, ports: ["80:80"]}, web: {extends: base, environment: {B: 2}, command: x}}\n',
    },
  },
  {
    title: 'extends in a chain',
    files: {
      'compose.yaml':
        'services: {a: {image: a, environment: {A: 1}}, b: {extends: {service: a}, environment: {B: 2}}, c: {extends: b, environment: {C: 3}}}\n',
    },
  },
  {
    title: 'extends another file',
    files: {
      'compose.yaml': 'services: {web: {extends: {file: lib/base.yaml, service: base}, command: x}}\n',
      'lib/base.yaml':
        'services: {base: {build: ./app, env_file: v.env, volumes: ["./d:/d"], extends: deeper}, deeper: {environment: {D: "${D:-1}"}}}\n',
      'lib/v.env': 'V=1',
    },
  },
  { title: 'extends nothing', files: { 'compose.yaml': 'services: {web: {image: a, extends: none}}\n' } },
  { title: 'extends in a circle', files: { 'compose.yaml': 'services: {a: {extends: b}, b: {extends: a}}\n' } },
  {
    title: 'extends a missing file',
    files: { 'compose.yaml': 'services: {web: {image: a, extends: {file: none.yaml, service: x}}}\n' },
  },
  {
    title: 'include',
    files: {
      'compose.yaml': 'include: [lib/compose.yaml]\nservices: {web: {image: a}}\n',
      'lib/compose.yaml': 'services: {db: {build: ./db, environment: {A: "$A"}}}\nvolumes: {data: }\n',
      'lib/.env': 'A=lib',
    },
  },
  {
    title: 'include in the long form',
    files: {
      'compose.yaml':
        'include: [{path: [lib/a.yaml, lib/b.yaml], project_directory: ., env_file: x.env}]\nservices: {web: {image: a}}\n',
      'lib/a.yaml': 'services: {db: {build: ./db, environment: {A: "$A"}}}\n',
      'lib/b.yaml': 'services: {db: {command: x}}\n',
      'x.env': 'A=x',
      '.env': 'A=outer\n',
    },
  },
  {
    title: 'include under the own file',
    files: {
      'compose.yaml': 'include: [a.yaml]\nservices: {web: {environment: {B: 2}}, two: {extends: web}}\n',
      'a.yaml': 'services: {web: {image: a, environment: {A: 1, B: 1}}}\n',
    },
  },
  {
    title: 'include in a circle',
    files: {
      'compose.yaml': 'include: [a.yaml]\nservices: {web: {image: a}}\n',
      'a.yaml': 'include: [compose.yaml]\nservices: {}\n',
    },
  },
  {
    title: 'include of a missing file',
    files: { 'compose.yaml': 'include: [none.yaml]\nservices: {web: {image: a}}\n' },
  },
  {
    title: 'include only',
    files: { 'compose.yaml': 'include: [a.yaml]\n', 'a.yaml': 'services: {web: {image: a}}\n' },
  },
  {
    title: 'one hundred merge keys',
    files: {
      'compose.yaml': `x-base: &base {restart: always, environment: {A: 1}}\nservices:\n${Array.from({ length: 100 }, (_, index) => `  s${index}: {<<: *base, image: a}`).join('\n')}\n`,
    },
  },
  { title: 'services that are nothing', files: { 'compose.yaml': 'services:\n' } },
  { title: 'services as a list', files: { 'compose.yaml': 'services: [web]\n' } },
  { title: 'a list at the top', files: { 'compose.yaml': '- services\n' } },
  { title: 'a key twice', files: { 'compose.yaml': 'services: {web: {image: a}, web: {image: b}}\n' } },
  { title: 'an alias without an anchor', files: { 'compose.yaml': 'services: {web: *nothing}\n' } },
  {
    title: 'aliases that would fill the memory',
    files: {
      'compose.yaml': `x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, index) => `x-${index + 1}: &a${index + 1} [${Array.from({ length: 10 }, () => `*a${index}`).join(', ')}]`).join('\n')}\nservices: {web: {image: a, command: *a9}}\n`,
    },
  },
];

export const PROJECT_CASES: ComposeCase[] = [
  ...FORMS.map(([title, body]) => ({
    title: `understands ${title}`,
    files: { 'compose.yaml': service(body) + KNOWN },
  })),
  ...TWO.map(([title, first, second]) => ({
    title: `merges ${title}`,
    files: {
      'a.yaml': both(first),
      'b.yaml': `services:\n  web:\n${second.replace(/^/gm, '    ')}\n`,
      'a.env': 'A=1\nB=1',
      'b.env': 'B=2',
    },
    named: ['a.yaml', 'b.yaml'],
  })),
  ...PROJECTS.map((one) => ({ ...one, title: `reads ${one.title}` })),
];
