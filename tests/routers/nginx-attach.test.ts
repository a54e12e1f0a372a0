import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { openNginx } from '../../routers/nginx';
import type { NginxConfig } from '../../routers/nginx-config';
import { ask, freePorts, io, isAnswered, RouterWorld, routingOf, until, untilUp } from '../support/router-world';

let world: RouterWorld;
let theirs: ChildProcess;
let ports: { own: number; route: number; blue: number; green: number };
let config: NginxConfig;
const scope = { app: 'fx', environment: 'production' };

beforeAll(async () => {
  world = await RouterWorld.open('attached-nginx');
  const [own, route, blue, green] = (await freePorts(4)) as [number, number, number, number];
  ports = { own, route, blue, green };
  await world.backends({ blue, green });
  const extra = `${world.directory}/spillway.d`;
  await mkdir(extra);
  const main = `${world.directory}/nginx.conf`;
  await writeFile(
    main,
    `pid ${world.directory}/nginx.pid;\nerror_log ${world.directory}/error.log;\nevents {}\nhttp {\n  access_log off;\n` +
      `  server { listen 127.0.0.1:${own}; return 200 theirs; }\n  include ${extra}/*.conf;\n}\n`,
  );
  theirs = spawn('nginx', ['-c', main, '-g', 'daemon off;'], { stdio: 'ignore' });
  await until(() => isAnswered(own));
  const attach = { directory: extra, test: ['nginx', '-t', '-c', main], reload: ['nginx', '-s', 'reload', '-c', main] };
  config = { kind: 'nginx', image: 'unused', directory: '/nowhere', attach };
}, 60_000);

afterAll(async () => {
  if (theirs?.exitCode === null && theirs.kill('SIGTERM')) await once(theirs, 'exit');
  await world?.close();
});

test('an nginx that is already there takes the app beside its own work, and is left as it was', async () => {
  const router = openNginx(config, world.target.host);
  const routing = routingOf(scope, { api: { route: ports.route, blue: [ports.blue], green: [ports.green] } });
  expect(await router.probe(routing, io)).toMatchObject({ running: true, portsTaken: [] });
  expect(await router.configure(routing, io)).toEqual({ reloaded: true });
  await untilUp(router, routing, 'green');
  expect(await ask(ports.route)).toMatchObject({ body: 'blue' });
  await router.setGreenShare(scope, 100, io);
  expect(await ask(ports.route)).toMatchObject({ body: 'green' });
  expect(await router.configure(routing, io)).toEqual({ reloaded: false });
  expect(await ask(ports.own)).toMatchObject({ body: 'theirs' });
  await router.remove(scope, io);
  await until(async () => !(await isAnswered(ports.route)));
  expect(await ask(ports.own)).toMatchObject({ body: 'theirs' });
}, 60_000);

test('what its test command refuses is taken back from the folder', async () => {
  const broken = openNginx(
    { ...config, tls: { certificate: '/no/such.pem', key: '/no/such.key', ports: [ports.route] } },
    world.target.host,
  );
  const routing = routingOf(scope, { api: { route: ports.route, blue: [ports.blue], green: [] } });
  await expect(broken.configure(routing, io)).rejects.toThrow(/cannot load certificate/);
  expect((await world.target.host.run(config.attach!.test, io)).exitCode).toBe(0);
  expect(await ask(ports.own)).toMatchObject({ body: 'theirs' });
}, 60_000);
