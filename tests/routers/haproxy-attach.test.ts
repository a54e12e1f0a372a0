import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { openHaproxy } from '../../routers/haproxy';
import type { HaproxyConfig } from '../../routers/haproxy-config';
import { ask, freePorts, io, isAnswered, RouterWorld, routingOf, until, untilUp } from '../support/router-world';

let world: RouterWorld;
let theirs: ChildProcess;
let ports: { own: number; route: number; blue: number; green: number };
let config: HaproxyConfig;
const scope = { app: 'fx', environment: 'production' };

beforeAll(async () => {
  world = await RouterWorld.open('attached');
  const [own, route, blue, green] = (await freePorts(4)) as [number, number, number, number];
  ports = { own, route, blue, green };
  await world.backends({ blue, green });
  const extra = `${world.directory}/spillway.d`;
  await mkdir(extra);
  await writeFile(
    `${world.directory}/haproxy.cfg`,
    `defaults\n  mode http\n  timeout connect 1s\n  timeout client 9s\n  timeout server 9s\nfrontend theirs\n  bind 127.0.0.1:${own}\n  http-request return status 200 content-type text/plain string theirs\n`,
  );
  const socket = `${world.directory}/master.sock`;
  theirs = spawn('haproxy', ['-W', '-db', '-S', socket, '-f', `${world.directory}/haproxy.cfg`, '-f', extra], {
    stdio: 'ignore',
  });
  await until(() => isAnswered(own));
  config = {
    kind: 'haproxy',
    image: 'unused',
    directory: '/nowhere',
    attach: { masterSocket: socket, directory: extra },
  };
}, 60_000);

afterAll(async () => {
  if (theirs?.exitCode === null && theirs.kill('SIGTERM')) await once(theirs, 'exit');
  await world?.close();
});

test('an HAProxy that is already there takes the app beside its own work, and is left as it was', async () => {
  const router = openHaproxy(config, world.target.host);
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

test('one that was not given the extra folder is told how to be started', async () => {
  const elsewhere = { ...config.attach!, directory: `${world.directory}/other.d` };
  const router = openHaproxy({ ...config, attach: elsewhere }, world.target.host);
  const routing = routingOf(scope, { api: { route: ports.route, blue: [ports.blue], green: [] } });
  await expect(router.configure(routing, io)).rejects.toThrow(`to be started with \`-f ${elsewhere.directory}\``);
});

test('one that does not answer is told in preflight', async () => {
  const router = openHaproxy(
    { ...config, attach: { ...config.attach!, masterSocket: '/nowhere.sock' } },
    world.target.host,
  );
  await expect(router.probe(routingOf(scope, {}), io)).rejects.toThrow(
    'nothing answers; start it with `-W -S /nowhere.sock`',
  );
});
