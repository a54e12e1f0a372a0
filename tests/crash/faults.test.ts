import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { openRouter } from '../../routers/open';
import type { Routing } from '../../routers/router';
import { openTarget } from '../../targets/open';
import { report } from '../support/crash-report';
import { withOwnEngine } from '../support/own-engine';
import { endure } from '../support/fault';
import type { Fault, FaultResult } from '../support/fault';
import { engine } from '../support/engine';
import { startPostgres } from '../support/postgres';
import { startTemporalServer } from '../support/temporal';
import type { World, WorldOptions } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(600_000);

const run = promisify(execFile);
const support = join(__dirname, '../support');

async function expectSurvival(name: string, { violations, seconds, ...lost }: FaultResult): Promise<void> {
  const survived = violations.length === 0;
  await report((before) => ({
    ...before,
    byFault: { ...before.byFault, [name]: { survived, ...lost, seconds: Math.round(seconds * 10) / 10 } },
  }));
  expect(violations).toEqual([]);
}

/** Runs the fault in a world whose parts it may break. */
async function survive(name: string, options: WorldOptions, fault: Fault): Promise<void> {
  await expectSurvival(name, await endure(options, fault));
}

/** As the next release does when the configuration names another image. */
async function replaceRouter(world: World, image: string): Promise<void> {
  const config = world.config();
  const target = await openTarget(config.target, { variables: process.env });
  const io = { signal: AbortSignal.timeout(60_000), onProgress: () => undefined };
  try {
    const { app, environment } = world.scope;
    const text = await readFile(join(world.routerDirectory, 'apps', `${app}.${environment}.json`), 'utf8');
    const { routing } = JSON.parse(text) as { routing: Routing };
    await openRouter({ ...config.router, image }, target).configure(routing, io);
  } finally {
    await target.close();
  }
}

/** Puts what Spillway itself writes on the target, its state and the router's files, on a disk of their own. */
async function smallDisk(world: World, disk: string): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk]);
  for (const folder of [join(world.directory, 'state'), world.routerDirectory]) {
    await mkdir(join(disk, basename(folder)));
    await symlink(join(disk, basename(folder)), folder);
  }
}

/** Kills the router's process, and waits until the engine has started it again and it answers. */
async function killRouter({ scope, url }: World): Promise<void> {
  const router = engine().getContainer(`spillway-router-${scope.app}`);
  const pid = async () => (await router.inspect()).State.Pid;
  const killed = await pid();
  process.kill(killed, 'SIGKILL');
  await until(pid, { what: 'the router to be started again', is: (seen) => seen !== 0 && seen !== killed, every: 20 });
  await until(async () => (await fetch(url)).ok, { what: 'the router to be back', every: 20 });
}

describe('a release goes on when', () => {
  test('Temporal is killed during its canary and comes back', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'spillway-fault-'));
    const database = join(directory, 'temporal.db');
    let server = await startTemporalServer({ database });
    try {
      const temporal = { ...server, stop: () => server.stop() };
      await survive(
        'temporal',
        { temporal },
        {
          phase: 'canary',
          strike: async () => {
            await server.kill();
            await pause(2_000);
            server = await startTemporalServer({ database, port: server.port });
          },
        },
      );
    } finally {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('the router is replaced during its canary by one of another image', async () => {
    const image = `spillway/haproxy:fault-${process.pid}`;
    await engine()
      .getImage('spillway/haproxy:local')
      .tag({ repo: 'spillway/haproxy', tag: `fault-${process.pid}` });
    try {
      await survive('router', {}, { phase: 'canary', strike: (world) => replaceRouter(world, image) });
    } finally {
      await engine().getImage(image).remove();
    }
  });

  test('the router is killed during its canary and started again by the engine', async () => {
    await survive('routerKilled', {}, { phase: 'canary', losesTraffic: true, strike: killRouter });
  });

  test('the database is gone for a while from its build on', async () => {
    const postgres = await startPostgres();
    try {
      await survive(
        'database',
        { postgres },
        {
          phase: 'build',
          strike: async () => {
            await postgres.halt('SIGQUIT');
            await pause(4_000);
            await postgres.start();
          },
        },
      );
    } finally {
      await postgres.stop();
    }
  });

  test('the disk is full for a while, from its canary to its switch', async () => {
    const disk = await mkdtemp(join(tmpdir(), 'spillway-disk-'));
    const filling = join(disk, 'filling');
    try {
      await survive(
        'diskFull',
        {},
        {
          phase: 'canary',
          prepare: (world) => smallDisk(world, disk),
          strike: async () => {
            await expect(run('dd', ['if=/dev/zero', `of=${filling}`, 'bs=64k'])).rejects.toThrow(/No space left/);
            // Longer than the soak, so that the switch meets it.
            await pause(9_000);
            await rm(filling);
          },
        },
      );
    } finally {
      await run('umount', ['--lazy', disk]);
      await rm(disk, { recursive: true });
    }
  });

  test('the Docker engine is killed during its canary and comes back', async () => {
    const scenario = ['-r', join(support, 'typescript.js'), join(support, 'engine-fault.ts'), 'canary'];
    const result = await withOwnEngine((own) =>
      own.run<FaultResult>([process.execPath, ...scenario], () => own.restart()),
    );
    await expectSurvival('engine', result);
  });
});
