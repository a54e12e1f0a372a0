import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Router, Routing } from '../../routers/router';
import { certificateIn, type Certificate } from '../support/certificate';
import { freePorts } from '../support/free-port';
import { introduce, io, isAnswered, RouterWorld, routingOf } from '../support/router-world';

/* Apps that share a router bring certificates of their own. */

const HOSTS = { shop: 'shop.example', blog: 'blog.example' };
type App = keyof typeof HOSTS;

/** Whose certificate a client gets that asks for this host. */
async function servedTo(port: number, servername: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN as string;
}

describe.each(['haproxy', 'nginx'] as const)('%s', (kind) => {
  let world: RouterWorld;
  let folder: string;
  let certificates: Record<App, Certificate>;
  let [port, second, backend]: number[] = [];

  beforeAll(async () => {
    world = await RouterWorld.open(`tls-${kind}`);
    folder = await mkdtemp(join(tmpdir(), 'router-tls-'));
    const made = Object.entries(HOSTS).map(async ([app, host]) => {
      await mkdir(join(folder, app));
      return [app, await certificateIn(join(folder, app), host)];
    });
    certificates = Object.fromEntries(await Promise.all(made)) as Record<App, Certificate>;
    [port, second, backend] = await freePorts(3);
    await world.backends({ blue: backend! });
  }, 300_000);
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const router = (app: App, ports: number[]): Router => {
    const { certificate, key, certificates: all } = certificates[app];
    return kind === 'haproxy'
      ? world.haproxy({ tls: { certificates: all, ports } })
      : world.nginx({ tls: { certificate, key, ports } });
  };
  const routing = (app: App, at: number): Routing => {
    const made = routingOf(
      { app: `fx-${app}`, environment: 'production' },
      { web: { route: at, blue: [backend!], green: [] } },
    );
    return { ...made, services: made.services.map((one) => ({ ...one, routes: [{ port: at, host: HOSTS[app] }] })) };
  };
  const give = async (app: App, at: number) => {
    const opened = router(app, [at]);
    await opened.check(routing(app, at), io);
    await introduce(opened, routing(app, at));
  };

  if (kind === 'haproxy') {
    test('two apps on one port are each served with their own certificate [proves 5]', async () => {
      await give('shop', port!);
      await give('blog', port!);
      expect(await servedTo(port!, HOSTS.shop)).toBe(HOSTS.shop);
      expect(await servedTo(port!, HOSTS.blog)).toBe(HOSTS.blog);
    });
    return;
  }

  test('files of TLS that a running nginx was started without are told, and a new container has those of all apps [proves 5]', async () => {
    await introduce(world.nginx(), routing('shop', second!));
    const added = router('shop', [port!]);
    const hint = new RegExp(`cannot load certificate.*run \`docker rm -f ${world.container}\` in a quiet moment`, 's');
    await expect(added.check(routing('shop', port!), io)).rejects.toThrow(hint);
    await expect(added.configure(routing('shop', port!), io)).rejects.toThrow(hint);
    expect(await isAnswered(second!)).toBe(true);

    await world.docker('rm', '-f', world.container);
    await give('shop', port!);
    await world.docker('rm', '-f', world.container);
    await give('blog', second!);
    expect(await servedTo(port!, HOSTS.shop)).toBe(HOSTS.shop);
    expect(await servedTo(second!, HOSTS.blog)).toBe(HOSTS.blog);
  });

  test('a second certificate for a port is refused, and one that was let pass before can be changed [proves 5]', async () => {
    const refusal = /expected all that share port \d+ to have one certificate.*fx-shop\.production has .*shop/;
    const late = router('blog', [port!]);
    await expect(late.check(routing('blog', port!), io)).rejects.toThrow(refusal);
    await expect(late.configure(routing('blog', port!), io)).rejects.toMatchObject({ name: 'ConfigurationFailure' });
    expect(await servedTo(port!, HOSTS.shop)).toBe(HOSTS.shop);

    const file = join(world.directory, 'apps', 'fx-blog.production.json');
    const earlier = (await readFile(file, 'utf8')).replaceAll(String(second), String(port));
    await writeFile(file, earlier);
    await late.configure(routing('blog', port!), io);
    await late.setGreenShare(routing('blog', port!).scope, 0, io);
    expect(await servedTo(port!, HOSTS.blog)).toBeDefined();
  });
});
