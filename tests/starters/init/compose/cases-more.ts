import type { ComposeCase } from './cases';

const service = (body: string): string => `services:\n  web:\n    image: a\n${body.replace(/^/gm, '    ')}\n`;
const KNOWN = 'volumes: {data: , named: }\nnetworks: {front: , back: }\nsecrets: {s: {file: ./s}, t: {file: ./t}}\n';

const BODIES: [title: string, body: string][] = [
  ['a range of ports with an address', 'ports: ["0.0.0.0:80-81:90-91/udp", "127.0.0.1::82"]'],
  ['an address from a variable', 'ports: ["${IP:-127.0.0.1}:80:80", "${P:-8080}:${T:-81}/${PROTO:-tcp}"]'],
  ['a port in capitals', 'ports: ["80:80/TCP"]'],
  ['volumes with options', 'volumes: ["./x:/y:z,ro", "named:/a:nocopy", "data:/b/", "/c//d:/e"]'],
  ['a volume from a variable', 'volumes: ["${DATA:-./data}:/data", "${NAMED:-named}:/n"]'],
  ['a health check that says NONE', 'healthcheck: {test: ["NONE"]}'],
  ['a health check in a shell', 'healthcheck: {test: ["CMD-SHELL", "curl -f http://localhost:${P:-80}/"]}'],
  ['commands that are empty', 'command: ""\nentrypoint: ""'],
  ['commands that are nothing', 'command:\nentrypoint:'],
  ['a command over several lines', 'command: >\n  sh -c "a &&\n  b"'],
  ['a command with variables for the shell', 'command: ["sh", "-c", "echo $$HOME $${USER:-x}"]'],
  ['a command with hashes and signs', "command: run --a=1 '#x' b\\\"c a;b | c > d"],
  ['block texts', 'environment:\n  A: |\n    one\n    $$two ${X:-x}\n  B: >-\n    one\n    two'],
  ['quotes of YAML', `environment: {A: '$X', B: "a\\tb", "C": 'it''s'}`],
  ['words that were booleans', 'environment: {A: yes, B: no, C: on, D: "y", E: null, F: "null"}'],
  ['merged variables', 'environment: &e {A: 1, B: 2}\nlabels: {<<: *e, B: 3}'],
  ['an empty merge', 'environment: {<<: {}, A: 1}'],
  [
    'dependencies that are not required',
    'depends_on: {db: {condition: service_healthy, required: false, restart: true}}',
  ],
  ['expose', 'expose: ["${X:-3000}", "4000/udp"]'],
  ['a list of networks', 'networks: [front, back]'],
  ['no network of its own', 'network_mode: host'],
  ['a name without a value in two lists', 'environment: [A, B=]\nlabels: [x]'],
  ['a variable twice', 'environment: [A=1, A=2]'],
  ['an equals sign at the beginning', 'environment: ["A==x", "B= y "]'],
  ['build arguments that are nothing', 'build: {context: ., args: {A: , B: 1, C: "${C:-c}"}}'],
  ['a build without a context', 'build: {target: run}'],
  ['a Dockerfile in the file', 'build: {context: app, dockerfile_inline: "FROM a"}'],
];

const TEXTS: [text: string, shell?: Record<string, string>][] = [
  ['"$A$B"', { A: 'x', B: 'y' }],
  ['"$_A ${_A}"', { _A: 'x' }],
  ['"\\\\$A"', { A: 'x' }],
  ['"$${A:-x}"'],
  ['"${A:--x}"'],
  ['"${A:-:-x}"'],
  ['"${A-}x"'],
  ['"${A:+${A}}"', { A: 'x' }],
  ['"${A+}"', { A: 'x' }],
  ['\'${A:-"q"}\''],
  ['"${A:-${B:?no}}"', { A: 'x' }],
  ['"${A:-${B:+c}}"', { B: 'b' }],
  ['"a$"'],
  ['"$.A $-A $/A"'],
  ['"${A:-a$${b}c}"'],
  ['"${A:-${B:-{}}}"'],
  ['"${A:-[1, {\\"a\\": \\"${B:-b}\\"}]} ${C:-c}"'],
  ['"${A:-http://x/${B:-y}?z={w}}"'],
  ['"${A:=x}"'],
  ['"${A/b/c}"', { A: 'abc' }],
  ['"${A-b}c}"'],
  ['"${"'],
  ['"${A:-"'],
];

const DOTENV: [title: string, env: string][] = [
  ['text behind quotes', 'A="x"y\nB=z'],
  ['a comment behind single quotes', "A='x'#c\nB=y"],
  ['blanks around', 'A = "x"\nB =  y z  '],
  ['two dollars', 'B=b\nA=$$B ${B}$B'],
  ['defaults', 'A=${B:-x y}\nC="${D:-"q"}"'],
  ['a backslash at the end', 'A=x\\\nB=y'],
  ['backslashes', 'A=a\\nb\nB="a\\\\nb"\nC=\'a\\nb\''],
  ['a hash in quotes over lines', 'A="one # two\n# three"\nB=x'],
  ['backticks', 'A=`date`\nB=$(date)'],
  ['only comments', '# a\n  # b\n\n'],
  ['export alone', 'export A\nB=x'],
  ['a carriage return in quotes', 'A="x\r\ny"\r\nB=z\r\n'],
  ['a colon and blanks', 'A : x\nB= :y'],
  ['an address', 'A=postgres://u:p@h:5432/d?x=1#f\nB="redis://h/0" # c'],
  ['a wrong variable', 'A=${1}'],
  ['a line of blanks and tabs', ' \t\nA=x\n\t \nB=y'],
  ['export with a tab and quotes', 'export\tA="x"\nexport  B=\'y\''],
  ['no line at the end', 'A="x"'],
];

const TWO: [title: string, first: string, second: string][] = [
  ['build words', 'build: ./a', 'build: ./b'],
  ['lists of dependencies', 'depends_on: [db]', 'depends_on: [cache, db]'],
  ['expose', 'expose: ["80"]', 'expose: ["81", "80"]'],
  ['ports of one container port', 'ports: ["80:80"]', 'ports: ["81:80"]'],
  ['ports in both forms', 'ports: ["80:80"]', 'ports: [{target: 80, published: "80"}]'],
  ['ports with and without an address', 'ports: ["127.0.0.1:80:80"]', 'ports: ["80:80"]'],
  ['lists of labels', 'labels: [a=1, a=2]', 'labels: [a=3]'],
  ['an entrypoint', 'entrypoint: a\ncommand: b', 'entrypoint: ["c"]'],
  ['build arguments', 'build: {context: ., args: [A=1, B=1]}', 'build: {args: {B: 2, C: }}'],
  ['override of a service part', 'build: {context: a, args: {A: 1}}', 'build: !override {context: b}'],
  [
    'a missing volume in one',
    'volumes: ["data:/a"]',
    'volumes: [{type: bind, source: ./x, target: /a, read_only: true}]',
  ],
  ['hosts of one name', 'extra_hosts: ["a:1.1.1.1"]', 'extra_hosts: ["a:2.2.2.2"]'],
  ['nothing', 'environment: {A: 1}\nports: ["80:80"]', 'environment:\nports:'],
  ['aliases of a network', 'networks: {front: {aliases: [a]}}', 'networks: {front: {aliases: [b]}}'],
];

const both = (body: string): string => service(body) + '  db: {image: d}\n  cache: {image: c}\n' + KNOWN;

const PROJECTS: ComposeCase[] = [
  { title: 'a name in capitals', files: { 'compose.yaml': `name: My_Shop\n${service('')}` } },
  {
    title: 'an empty COMPOSE_PROJECT_NAME',
    files: { 'compose.yaml': service('') },
    shell: { COMPOSE_PROJECT_NAME: '' },
  },
  { title: 'a name from .env', files: { 'compose.yaml': `name: "\${STACK}-x"\n${service('')}`, '.env': 'STACK=p' } },
  {
    title: 'names of volumes',
    files: {
      'compose.yaml': `name: p\n${service('volumes: ["a:/a", "b:/b", "c:/c"]')}volumes: {a: {name: "\${V:-own}"}, b: {external: true, name: far}, c: {external: false}}\n`,
    },
  },
  {
    title: 'COMPOSE_PATH_SEPARATOR',
    files: { 'a.yaml': service('command: a'), 'b.yaml': service('command: b') },
    shell: { COMPOSE_FILE: 'a.yaml,b.yaml', COMPOSE_PATH_SEPARATOR: ',' },
  },
  {
    title: 'COMPOSE_DISABLE_ENV_FILE',
    files: { 'compose.yaml': service('environment: {A: "$A"}'), '.env': 'A=x' },
    shell: { COMPOSE_DISABLE_ENV_FILE: '1' },
  },
  {
    title: 'two default files',
    files: {
      'compose.yml': service('command: a'),
      'docker-compose.yml': service('command: b'),
      'docker-compose.override.yaml': service('command: c'),
    },
  },
  {
    title: 'a file in a folder',
    files: {
      'deploy/prod.yml': service('build: ../app\nvolumes: ["./d:/d"]\nenvironment: {A: "$A"}'),
      'deploy/.env': 'A=deploy',
      '.env': 'A=here',
    },
    named: ['deploy/prod.yml'],
  },
  {
    title: 'two files in two folders',
    files: {
      'compose.yml': service('build: app'),
      'deploy/prod.yml': 'services: {web: {volumes: ["./d:/d"], env_file: v.env}}',
      'v.env': 'A=1',
    },
    named: ['compose.yml', 'deploy/prod.yml'],
  },
  {
    title: 'nested includes',
    files: {
      'compose.yaml': 'include: [a/compose.yaml]\n',
      'a/compose.yaml': 'include: [b/compose.yaml]\nservices: {a: {build: .}}\n',
      'a/b/compose.yaml': 'services: {b: {build: ., environment: {X: "$X"}}}\n',
      'a/b/.env': 'X=b',
      '.env': 'Y=y',
    },
  },
  {
    title: 'one file included twice',
    files: {
      'compose.yaml': 'include: [a.yaml, b.yaml]\n',
      'a.yaml': 'include: [c.yaml]\nservices: {a: {image: a}}\n',
      'b.yaml': 'include: [c.yaml]\nservices: {b: {image: b}}\n',
      'c.yaml': 'services: {c: {image: c, ports: ["80:80"]}}\n',
    },
  },
  {
    title: 'extends of an included service',
    files: {
      'compose.yaml': 'include: [lib/a.yaml]\nservices: {web: {extends: base, command: x}}\n',
      'lib/a.yaml': 'services: {base: {build: ., profiles: [never]}}\n',
    },
  },
  {
    title: 'extends with reset',
    files: {
      'compose.yaml':
        'services: {base: {image: a, ports: ["80:80"], environment: {A: 1, B: 2}}, web: {extends: base, ports: !reset [], environment: !override {C: 3}}}\n',
    },
  },
  {
    title: 'extends with a health check and dependencies',
    files: {
      'compose.yaml':
        'services: {db: {image: d}, base: {image: a, depends_on: [db], healthcheck: {test: x, retries: 2}}, web: {extends: {service: base}, healthcheck: {test: y}}}\n',
    },
  },
  {
    title: 'extends across three files',
    files: {
      'compose.yaml': 'services: {web: {extends: {file: a/a.yaml, service: a}}}\n',
      'a/a.yaml': 'services: {a: {build: ., extends: {file: ../b/b.yaml, service: b}}}\n',
      'b/b.yaml': 'services: {b: {image: b, volumes: ["./x:/x"], env_file: [v.env]}}\n',
      'b/v.env': 'V=b',
    },
  },
  {
    title: 'a service taken away',
    files: { 'a.yaml': both(''), 'b.yaml': 'services: {cache: !reset null}\n' },
    named: ['a.yaml', 'b.yaml'],
  },
  { title: 'env_file that is missing', files: { 'compose.yaml': service('env_file: none.env') } },
  { title: 'variables as a list of mappings', files: { 'compose.yaml': service('environment: [{A: 1}]') } },
  { title: 'a variable that is a list', files: { 'compose.yaml': service('environment: {A: [1]}') } },
  { title: 'a port that is a word', files: { 'compose.yaml': service('ports: ["http"]') } },
  { title: 'ports that do not fit', files: { 'compose.yaml': service('ports: ["80-82:90-91"]') } },
  { title: 'an unknown tag', files: { 'compose.yaml': service('environment: {A: !secret x}') } },
];

export const MORE_CASES: ComposeCase[] = [
  ...BODIES.map(([title, body]) => ({
    title: `understands also ${title}`,
    files: { 'compose.yaml': service(body) + '  db: {image: d}\n' + KNOWN },
  })),
  ...TEXTS.map(([text, shell = {}]) => ({
    title: `fills also ${text}`,
    files: { 'compose.yaml': service(`environment:\n  V: ${text}`) },
    shell,
  })),
  ...DOTENV.map(([title, env]) => ({
    title: `reads a file of variables with ${title}`,
    files: { 'compose.yaml': service('env_file: vars.env'), 'vars.env': env },
  })),
  ...TWO.map(([title, first, second]) => ({
    title: `merges also ${title}`,
    files: { 'a.yaml': both(first), 'b.yaml': `services:\n  web:\n${second.replace(/^/gm, '    ')}\n` },
    named: ['a.yaml', 'b.yaml'],
  })),
  ...PROJECTS.map((one) => ({ ...one, title: `reads ${one.title}` })),
];
