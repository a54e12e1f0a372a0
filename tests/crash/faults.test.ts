import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { report } from '../support/crash-report';
import { withOwnEngine } from '../support/own-engine';
import { endure } from '../support/fault';
import type { Fault, FaultResult } from '../support/fault';
import { engine } from '../support/engine';
import { startPostgres } from '../support/postgres';
import { startTemporalServer } from '../support/temporal';
import type { WorldOptions } from '../support/world';

jest.setTimeout(300_000);

const support = join(__dirname, '../support');
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function expectSurvival(name: string, { violations, lostRequests, seconds }: FaultResult): Promise<void> {
  const survived = violations.length === 0;
  await report((before) => ({
    ...before,
    byFault: { ...before.byFault, [name]: { survived, lostRequests, seconds: Math.round(seconds * 10) / 10 } },
  }));
  expect(violations).toEqual([]);
}

/** Runs the fault in a world whose parts it may break. */
async function survive(name: string, options: WorldOptions, fault: Fault): Promise<void> {
  await expectSurvival(name, await endure(options, fault));
}

describe('a release goes on when in the middle of it', () => {
  test('Temporal is killed and comes back', async () => {
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

  test('the router is killed and started again by the engine', async () => {
    await survive(
      'router',
      {},
      {
        phase: 'canary',
        // Nobody else listens while it starts anew.
        losesTraffic: true,
        strike: async ({ scope }) => {
          const router = engine().getContainer(`spillway-router-${scope.app}`);
          const { State } = await router.inspect();
          process.kill(State.Pid, 'SIGKILL');
          await pause(1_000);
        },
      },
    );
  });

  test('the database is gone for a while', async () => {
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

  test('the Docker engine is killed and comes back', async () => {
    const scenario = ['-r', join(support, 'typescript.js'), join(support, 'engine-fault.ts'), 'canary'];
    const result = await withOwnEngine((own) =>
      own.run<FaultResult>([process.execPath, ...scenario], () => own.restart()),
    );
    await expectSurvival('engine', result);
  });
});
