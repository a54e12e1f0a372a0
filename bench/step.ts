import { NativeConnection, Worker } from '@temporalio/worker';
import { Client, Connection } from '@temporalio/client';
import type { steps } from './step-workflow';
import { ms } from './statistics';

const STEPS = 200;

/** Milliseconds that one activity costs beyond what it does, measured with many that do nothing, one after another. */
export async function benchStep(address: string): Promise<{ msPerActivity: number }> {
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection: await Connection.connect({ address }) });
  try {
    const taskQueue = 'bench-steps';
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowsPath: require.resolve('./step-workflow'),
      activities: { nothing: () => Promise.resolve() },
    });
    const took = await worker.runUntil(async () => {
      const run = (count: number) =>
        client.workflow.execute<typeof steps>('steps', {
          taskQueue,
          workflowId: `steps-${count}`,
          workflowTaskTimeout: '3s',
          args: [count],
        });
      await run(10);
      const began = performance.now();
      await run(STEPS);
      return performance.now() - began;
    });
    return { msPerActivity: ms(took / STEPS) };
  } finally {
    await client.connection.close();
    await connection.close();
  }
}
