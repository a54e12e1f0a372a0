import { openRouter } from '../../../routers/open';
import type { HaproxyConfig } from '../../../routers/haproxy/config';
import type { Router } from '../../../routers/router';
import { io, routingOf } from '../../support/router-world';
import { Attached, SCOPE } from '../attached';
import { freePorts } from '../../support/free-port';

let attached: Attached;
let socket: string;

beforeAll(async () => {
  attached = await Attached.open('attached', (directory, extra, own) => {
    const text =
      'global\n  tune.http.maxhdr 200\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 9s\n  timeout server 9s\n' +
      `frontend theirs\n  bind 127.0.0.1:${own}\n  http-request return status 200 content-type text/plain string theirs\n`;
    socket = `${directory}/master.sock`;
    const argv = ['haproxy', '-W', '-db', '-S', socket, '-f', `${directory}/haproxy.cfg`, '-f', extra];
    return { main: { name: 'haproxy.cfg', text }, argv };
  });
}, 300_000);
afterAll(() => attached?.close());

function open(attach: Partial<NonNullable<HaproxyConfig['attach']>> = {}): Router {
  const { extra, world } = attached;
  const config = { kind: 'haproxy' as const, image: 'unused', directory: '/nowhere' };
  return openRouter({ ...config, attach: { masterSocket: socket, directory: extra, ...attach } }, world.target);
}

test('an HAProxy that is already there takes the app beside its own work, which goes on', async () => {
  await attached.expectGuest(open());
}, 300_000);

test('one whose own limits are lower than the app’s is told so in preflight [proves 10]', async () => {
  const { warning } = await open().probe(routingOf(SCOPE, {}), io);
  expect(warning).toContain('seen `tune.bufsize 16384` and `tune.http.maxhdr 200`: set `tune.bufsize 77632`');
});

test('one that was not given the extra folder is told how to be started', async () => {
  const [route] = (await freePorts(1)) as [number];
  const { blue } = attached.ports;
  const directory = `${attached.world.directory}/other.d`;
  const routing = routingOf(SCOPE, { api: { route, blue: [blue], green: [] } });
  await expect(open({ directory }).configure(routing, io)).rejects.toThrow(`to be started with \`-f ${directory}\``);
});

test('one that does not answer is told in preflight', async () => {
  await expect(open({ masterSocket: '/nowhere.sock' }).probe(routingOf(SCOPE, {}), io)).rejects.toThrow(
    'nothing answers; start it with `-W -S /nowhere.sock`',
  );
});
