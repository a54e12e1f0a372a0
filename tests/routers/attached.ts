import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Router } from '../../routers/router';
import { ask, io, isAnswered, RouterWorld, routingOf, untilUp } from '../support/router-world';
import { until } from '../support/until';
import { freePorts } from '../support/free-port';

export const SCOPE = { app: 'fx', environment: 'production' };

/** How somebody's own router is started: its main file, which answers `theirs` on its own port, and the command. */
export interface Theirs {
  main: { name: string; text: string };
  argv: string[];
}

/** Somebody's own router, with work of its own and a folder for Spillway. */
export class Attached {
  private constructor(
    readonly world: RouterWorld,
    readonly ports: { own: number; route: number; blue: number; green: number },
    /** The folder for Spillway. */
    readonly extra: string,
    private readonly process: ChildProcess,
  ) {}

  /** @param theirs is told the folder of all, the folder for Spillway, and the router's own port */
  static async open(
    kind: string,
    theirs: (directory: string, extra: string, own: number) => Theirs,
  ): Promise<Attached> {
    const world = await RouterWorld.open(kind);
    const [own, route, blue, green] = (await freePorts(4)) as [number, number, number, number];
    await world.backends({ blue, green });
    const extra = `${world.directory}/spillway.d`;
    await mkdir(extra);
    const { main, argv } = theirs(world.directory, extra, own);
    await writeFile(`${world.directory}/${main.name}`, main.text);
    const [program = '', ...rest] = argv;
    const attached = new Attached(world, { own, route, blue, green }, extra, spawn(program, rest, { stdio: 'ignore' }));
    await until(() => isAnswered(own));
    return attached;
  }

  /** As its owner would stop it. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.kill('SIGTERM')) await once(this.process, 'exit');
  }

  async close(): Promise<void> {
    await this.stop();
    await this.world.close();
  }

  /** Their own work goes on. */
  async expectTheirs(): Promise<void> {
    expect(await ask(this.ports.own)).toMatchObject({ body: 'theirs' });
  }

  /** Spillway's app comes and is moved, while theirs goes on. */
  async expectGuest(router: Router): Promise<void> {
    const { route, blue, green } = this.ports;
    const routing = routingOf(SCOPE, { api: { route, blue: [blue], green: [green] } });
    expect(await router.probe(routing, io)).toMatchObject({ running: true, portsTaken: [] });
    expect(await router.configure(routing, io)).toEqual({ reloaded: true });
    await untilUp(router, routing, 'green');
    expect(await ask(route)).toMatchObject({ body: 'blue' });
    await router.setGreenShare(SCOPE, 100, io);
    expect(await ask(route)).toMatchObject({ body: 'green' });
    expect(await router.configure(routing, io)).toEqual({ reloaded: false });
    await this.expectTheirs();
  }
}
