import { inFolder, proposed } from './proposed';

inFolder();

test.each([
  ['Traefik', 'labels: ["traefik.enable=true", "traefik.http.routers.w.rule=Host(`a.com`)"]'],
  ['caddy-docker-proxy', 'labels: {caddy: "http://a.com", caddy.reverse_proxy: "{{upstreams}}"}'],
  ['nginx-proxy', 'environment: {VIRTUAL_HOST: a.com}'],
])(
  'what %s sends requests to without naming a port is no worker, and its port is asked [proves 14]',
  async (_, rest) => {
    const { services, asked } = await proposed(`services: {web: {image: acme/web:1.2.3, ${rest}}}`);
    expect(services.web).toMatchObject({ port: 80, routes: [{ port: 80, host: 'a.com' }] });
    expect(asked).toContain('no port is named; 80 was taken');
  },
);

test.each([
  'docker.io/traefik:3.5',
  'nginxproxy/nginx-proxy:alpine',
  'haproxy:3.0',
  'kong:3',
  'envoyproxy/envoy:v1.30',
])('a router that is built on %s is left out, even with docker.sock [proves 16]', async (base) => {
  const { services, asked } = await proposed(
    `services:
  proxy: {build: ./proxy, ports: ["80:80"], volumes: ["/var/run/docker.sock:/tmp/docker.sock:ro"]}
  web: {image: acme/web:1.2.3, expose: [3000]}`,
    { 'proxy/Dockerfile': `FROM ${base}\nCOPY . /etc\n` },
  );
  expect(Object.keys(services)).toEqual(['web']);
  expect(asked).toContain(`proxy is left out (it is built from ${base})`);
});

test.each(['nginx:1.27', 'caddy:2', 'httpd:2.4'])(
  'a site that is built on %s is released [proves 16]',
  async (base) => {
    const { services } = await proposed(`services: {site: {build: ., ports: ["80:80"]}}`, {
      Dockerfile: `FROM ${base}\n`,
    });
    expect(services.site).toMatchObject({ port: 80, routes: [{ port: 80 }] });
  },
);

test('a worker that shares the variables and the Dockerfile of the web is still a worker [proves 15]', async () => {
  const { services } = await proposed(
    `x-app: &app {build: ., env_file: .env}
services:
  web: {<<: *app, ports: ["80:8000"]}
  worker: {<<: *app, command: bundle exec sidekiq -C config/sidekiq.yml}`,
    { '.env': 'export PORT=8000\n', Dockerfile: 'FROM ruby:3.4\nEXPOSE 8000\n' },
  );
  expect(services.web).toMatchObject({ port: 8000 });
  expect(services.worker).toMatchObject({ traffic: 'none', run: 'live-only' });
});

test.each([
  ['["CMD", "curl", "-f", "-H", "Authorization: Bearer x", "http://localhost:80/h"]', 'sends headers'],
  ['curl -kf https://localhost/h', 'speaks TLS'],
  ['curl -u admin:x http://localhost/h', 'logs in'],
  ['curl -X POST http://localhost/h', 'sends more than a GET'],
])('the health check %s is asked about, since a path alone would fail [proves 14]', async (check, why) => {
  const { services, asked } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], healthcheck: {test: ${check}}}}`,
  );
  expect(services.web).not.toHaveProperty('health');
  expect(asked).toContain(`its health check ${why}`);
});

test.each([
  'curl -fsS --head -o /dev/null http://localhost:80/h',
  'wget -qO- http://localhost/h',
  'curl -X GET localhost/h',
])('the health check %s becomes a path [proves 14]', async (check) => {
  const { services } = await proposed(
    `services: {web: {image: acme/web:1.2.3, ports: ["80:80"], healthcheck: {test: "${check}"}}}`,
  );
  expect(services.web).toMatchObject({ health: { endpoints: [{ path: '/h' }] } });
});

test('a port of the machine alone is not opened to the world beside routes of labels [proves 14]', async () => {
  const { services, asked } = await proposed(
    'services: {web: {image: acme/web:1.2.3, ports: ["127.0.0.1:5678:5678"], labels: ["traefik.http.routers.w.rule=Host(`a.com`)"]}}',
  );
  expect(services.web!.routes).toEqual([{ port: 80, host: 'a.com' }]);
  expect(asked).toContain('5678 of 127.0.0.1 was left out');
});

test('memory and CPU of 0 are no limits, as in Compose, and nobody is asked [proves 14]', async () => {
  const { services, asked } = await proposed(
    'services: {web: {image: acme/web:1.2.3, ports: ["80:80"], deploy: {resources: {limits: {cpus: "0", memory: "0"}}}}}',
  );
  expect(services.web).not.toHaveProperty('memory');
  expect(asked).not.toContain('memory');
});

test('a database with the name of the service does not ask for it [proves questions]', async () => {
  const { asked } = await proposed(
    `services:
  n8n: {image: acme/n8n:1.2.3, ports: ["80:80"], environment: {DB_HOST: db}}
  db: {image: "postgres:16", environment: {POSTGRES_DB: n8n, POSTGRES_USER: n8n}}`,
  );
  expect(asked).not.toContain('asks for n8n');
});

test('values in braces that Spillway would fill in are asked about [proves 14]', async () => {
  const { asked } = await proposed(
    'services: {web: {image: acme/web:1.2.3, ports: ["80:80"], environment: {FORMAT: "{version} {message}", OTHER: "{{version}} ${version}"}, command: [log, "{release}"]}}',
  );
  expect(asked).toContain('services.web.env: in FORMAT, Spillway puts its own values');
  expect(asked).toContain('services.web.command: in {release}, Spillway puts its own values');
});

test('a build without its Dockerfile is asked about [proves 14]', async () => {
  const { asked } = await proposed('services: {web: {build: ./web, ports: ["80:80"]}}');
  expect(asked).toContain('services.web.build: its Dockerfile is not there');
});

test('commands for Compose name the files that it does not find by itself [proves questions]', async () => {
  const files = {
    'deploy/prod.yaml': 'services: {web: {image: acme/web:1.2.3, ports: ["80:80"]}, db: {image: "mysql:8"}}',
  };
  const { asked } = await proposed('services: {}', files, '--compose', 'deploy/prod.yaml');
  expect(asked).toContain('`docker compose -f deploy/prod.yaml up -d db`');
  expect(asked).toContain('`docker compose -f deploy/prod.yaml stop web`');
});

test('what has no value in a service that stays outside need not be decided [proves questions]', async () => {
  const { asked } = await proposed(
    'services: {web: {image: acme/web:1.2.3, ports: ["80:80"]}, db: {image: "mysql:8", healthcheck: {test: "ping $NOBODY"}}}',
  );
  expect(asked).toMatch(/^- services: db: NOBODY had no value/m);
});

test('numbers that Compose passes in another way lead to one question [proves 17, questions]', async () => {
  const { services, asked } = await proposed(
    'services: {web: {image: acme/web:1.2.3, ports: ["80:80"], environment: {A: 1.10, B: 0x1F, C: 1e3, D: 987654321098765432}}}',
  );
  expect(services.web!.env).toEqual({ A: '1.10', B: '0x1F', C: '1e3', D: '987654321098765432' });
  expect(asked).toMatch(/as it is written: A \(it says 1.10, which Compose passes as 1.1\), B .*31\), C .*1000\)$/m);
});

test('forty services that ask the same lead to a line that names twelve of them [proves questions]', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `  s${index}: *base\n`);
  const { asked } = await proposed(`x-base: &base {image: acme/web}\nservices:\n${names.join('')}`);
  expect(asked).toContain('s10, s11, 28 more: image: the tag was missing');
});
