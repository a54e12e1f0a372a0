import { openRouter } from '../../../routers/open';
import type { NginxConfig } from '../../../routers/nginx/names';
import type { Router } from '../../../routers/router';
import { io, routingOf } from '../../support/router-world';
import { Attached, SCOPE } from '../attached';

let attached: Attached;
let main: string;

beforeAll(async () => {
  attached = await Attached.open('attached-nginx', (directory, extra, own) => {
    const text =
      `pid ${directory}/nginx.pid;\nerror_log ${directory}/error.log;\nevents {}\nhttp {\n  access_log off;\n` +
      `  server { listen 127.0.0.1:${own}; return 200 theirs; }\n  include ${extra}/*.conf;\n}\n`;
    main = `${directory}/nginx.conf`;
    return { main: { name: 'nginx.conf', text }, argv: ['nginx', '-c', main, '-g', 'daemon off;'] };
  });
}, 300_000);
afterAll(() => attached?.close());

const check = (): string[] => ['nginx', '-t', '-c', main];

function open(more: Partial<NginxConfig> = {}): Router {
  const { extra, world } = attached;
  const attach = { directory: extra, test: check(), reload: ['nginx', '-s', 'reload', '-c', main] };
  return openRouter({ kind: 'nginx', image: 'unused', directory: '/nowhere', attach, ...more }, world.target);
}

test('an nginx that is already there takes the app beside its own work, which goes on', async () => {
  await attached.expectGuest(open());
}, 300_000);

test('what its test command refuses is taken back from the folder', async () => {
  const { route, blue } = attached.ports;
  const broken = open({ tls: { certificate: '/no/such.pem', key: '/no/such.key', ports: [route] } });
  const routing = routingOf(SCOPE, { api: { route, blue: [blue], green: [] } });
  await expect(broken.configure(routing, io)).rejects.toThrow(/cannot load certificate/);
  expect((await attached.world.target.host.run(check(), io)).exitCode).toBe(0);
  await attached.expectTheirs();
}, 300_000);

test('an nginx that its owner stopped lets the app go [proves remove]', async () => {
  const { extra, world } = attached;
  await attached.stop();
  await open().forget(SCOPE, io);
  expect(await open().environments(io)).toEqual([]);
  expect((await world.target.host.listFiles(extra, io)).filter((name) => name.includes(SCOPE.app))).toEqual([]);
  expect((await world.target.host.run(check(), io)).exitCode).toBe(0);
}, 300_000);
