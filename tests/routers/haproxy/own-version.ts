import type { Server } from 'node:http';
import { introduce, RouterWorld, routingOf } from '../../support/router-world';
import { freePorts } from '../../support/free-port';

export const scope = { app: 'fx', environment: 'production' };

/** Opens a router whose live version, in blue, is a server of the test itself. */
export async function openBefore(version: Server, name: string) {
  const world = await RouterWorld.open(name);
  const close = async (): Promise<void> => {
    version.closeAllConnections();
    version.close();
    await world.close();
  };
  try {
    const [port, blue, green] = (await freePorts(3)) as [number, number, number];
    version.listen(blue, '127.0.0.1');
    await world.backends({ green });
    const router = world.haproxy();
    const routing = routingOf(scope, { api: { route: port, blue: [blue], green: [green] } });
    await introduce(router, routing);
    return { world, router, routing, port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
