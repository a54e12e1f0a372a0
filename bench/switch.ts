import { setTimeout as sleep } from 'node:timers/promises';
import type { Router } from '../routers/router';
import { startPressure, type PressureReport } from '../tests/support/pressure';
import { introduce, io, RouterWorld, routingOf } from '../tests/support/router-world';
import { ms } from './statistics';
import { freePorts } from '../tests/support/free-port';

const CONNECTIONS = 32;
const SWITCHES = 30;
/** Between two switches, so that most of the time most requests meet none. */
const PAUSE_MS = 500;

export interface SwitchFigures {
  requests: number;
  lost: number;
  switches: number;
  p99Ms: number;
  /** Lost by as many switches of nginx, each a reload. */
  nginxReloadLost: number;
}

/**
 * Moves all traffic to and fro while clients that keep their connections ask at full speed. Both versions are answered
 * for by a program that takes next to no time, so that the router is what is measured.
 */
export async function benchSwitch(): Promise<SwitchFigures> {
  const { requests, lost, p99Ms } = await withRouter('haproxy');
  const { lost: nginxReloadLost } = await withRouter('nginx');
  return { requests, lost, switches: SWITCHES, p99Ms: ms(p99Ms), nginxReloadLost };
}

async function withRouter(kind: Router['kind']): Promise<PressureReport> {
  const world = await RouterWorld.open(`bench-${kind}`);
  try {
    const [port, blue, green] = (await freePorts(3)) as [number, number, number];
    await world.quickBackends({ blue, green });
    const router = world.router(kind);
    const scope = { app: 'bench', environment: 'production' };
    const routing = routingOf(scope, { web: { route: port, blue: [blue], green: [green] } });
    await introduce(router, routing);
    return await underPressure(port, router, scope);
  } finally {
    await world.close();
  }
}

async function underPressure(port: number, router: Router, scope: { app: string; environment: string }) {
  const pressure = await startPressure({ port, connections: CONNECTIONS });
  for (let index = 1; index <= SWITCHES; index++) {
    await router.setGreenShare(scope, index % 2 === 0 ? 0 : 100, io);
    await sleep(PAUSE_MS);
  }
  return pressure.stop();
}
