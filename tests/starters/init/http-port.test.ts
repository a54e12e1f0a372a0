import { httpPort, toldPorts, type PortSigns } from '../../../starters/init/http-port';

const signs = (more: Partial<PortSigns>): PortSigns => ({
  published: [],
  exposed: [],
  ofDockerfile: [],
  mentioned: [],
  told: [],
  ...more,
});

test.each([
  ['labels before what is published', { label: 3000, published: [{ target: 8080, published: 80 }] }, 3000],
  ['the only one', { published: [{ target: 2368 }] }, 2368],
  [
    'no debugger',
    {
      published: [
        { target: 3000, published: 3000 },
        { target: 9229, published: 9229 },
      ],
    },
    3000,
  ],
  ['what the health check asks', { published: [{ target: 8080 }, { target: 8081 }], health: 8081 }, 8081],
  ['what the file says to speak HTTP', { published: [{ target: 5432, appProtocol: 'http' }, { target: 8080 }] }, 5432],
  [
    'what the host has at 80',
    {
      published: [
        { target: 1234, published: 80 },
        { target: 5678, published: 9999 },
      ],
    },
    1234,
  ],
  [
    '80 rather than 443',
    {
      published: [
        { target: 443, published: 443 },
        { target: 80, published: 80 },
      ],
    },
    80,
  ],
  ['what is exposed', { exposed: [7777] }, 7777],
  ['what the Dockerfile exposes', { ofDockerfile: [22, 8000] }, 8000],
  ['what others call', { mentioned: [8090], ofDockerfile: [8000] }, 8090],
  ['what the program is told', { told: [4001] }, 4001],
  ['that of a known image', { image: 'docker.n8n.io/n8nio/n8n' }, 5678],
  ['what a known image publishes', { image: 'n8nio/n8n', published: [{ target: 5678, published: 5678 }] }, 5678],
  ['that of a known image only where nothing else is said', { image: 'nginx', published: [{ target: 8080 }] }, 8080],
])('the port is %s [proves questions]', (_, given, port) => expect(httpPort(signs(given))?.port).toBe(port));

test.each([[{ published: [{ target: 25 }, { target: 587 }] }], [{ exposed: [5432] }], [{ image: 'acme/worker' }]])(
  '%j has no port that speaks HTTP',
  (given) => expect(httpPort(signs(given))).toBeUndefined(),
);

test('other ports that may speak HTTP are named, unless the file says which one does [proves questions]', () => {
  const published = [{ target: 3000, published: 80 }, { target: 8081, published: 8081 }, { target: 9229 }];
  expect(httpPort(signs({ published }))).toMatchObject({ port: 3000, rivals: [8081], others: [9229] });
  expect(httpPort(signs({ published, label: 8081 }))).toMatchObject({ port: 8081, rivals: [], others: [3000, 9229] });
});

const open = (target: number, published = target) => ({ target, published });
const ofMachine = (target: number) => ({ ...open(target), address: '127.0.0.1' });

test.each<[string, Partial<PortSigns>, number, number[]]>([
  ['that nobody publishes', { published: [open(8080, 80)], health: 9000 }, 8080, [9000]],
  ['that the machine alone reaches', { published: [open(8080), ofMachine(8081)], health: 8081 }, 8080, [8081]],
  ['beside the one at 80', { published: [open(8080, 80), open(8081)], health: 8081 }, 8080, [8081]],
  [
    'beside the one of its image',
    { image: 'keycloak/keycloak', published: [open(8080), open(9000)], health: 9000 },
    8080,
    [9000],
  ],
  ['beside the one that its image has', { image: 'keycloak/keycloak', health: 9000 }, 8080, [9000]],
  ['beside the one that it is told', { told: [8080], published: [open(8080), open(9090)], health: 9090 }, 8080, [9090]],
  ['beside one that others call', { mentioned: [5001], health: 9000 }, 5001, [9000]],
])(
  'a health check at a port %s does not take the place of the port for visitors [proves questions]',
  (_, given, port, rivals) => expect(httpPort(signs(given))).toMatchObject({ port, rivals }),
);

test('a health check at one of several open ports leads to a question [proves questions]', () => {
  const published = [open(8080), open(8081)];
  expect(httpPort(signs({ published, health: 8081 }))).toMatchObject({ port: 8081, rivals: [8080] });
});

test.each([
  ['the program is told the same port', { told: [3000], published: [open(3000), open(9100)] }],
  ['the host has the same port at 80', { published: [open(3000, 80), open(9100)] }],
])('a health check asks nobody where %s [proves questions]', (_, more) =>
  expect(httpPort(signs({ ...more, health: 3000 }))).toMatchObject({ port: 3000, rivals: [], others: [9100] }),
);

test('a port that only the health check names is a guess where another router sends requests [proves questions]', () => {
  expect(httpPort(signs({ isRouted: true, health: 9000 }))).toMatchObject({ port: 9000, isGuess: true });
  expect(httpPort(signs({ isRouted: true, exposed: [9000], health: 9000 }))).not.toHaveProperty('isGuess');
});

test('what a health check asks over HTTP speaks HTTP, whatever others do at that port', () =>
  expect(httpPort(signs({ ofDockerfile: [9229], health: 9229 }))?.port).toBe(9229));

test.each([
  [{ PORT: '3000' }, '', [3000]],
  [{ ASPNETCORE_URLS: 'http://+:8080' }, '', [8080]],
  [{ SMTP_PORT: '25', DB_PORT: '5432' }, '', []],
  [{}, 'gunicorn -b 0.0.0.0:8000 app', [8000]],
  [{}, 'uvicorn app:app --host 0.0.0.0 --port 8001', [8001]],
  [{}, 'next start -p 3001', [3001]],
  [{}, 'python manage.py runserver 0.0.0.0:8000', [8000]],
  [{}, 'java -Dserver.port=8085 -jar app.jar', [8085]],
  [{}, 'redis-cli -h cache -p6379', []],
])('the variables %j and the command "%s" tell the ports %j', (variables, command, ports) =>
  expect(toldPorts(variables as Record<string, string>, command)).toEqual(ports),
);
