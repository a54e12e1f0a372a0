import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';

/* Loaded into Spillway's own worker process: its workflows are what they are, with a programming error in a canary. */

const create = Worker.create.bind(Worker);
Worker.create = async (options: WorkerOptions) => {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    workflowInterceptorModules: [require.resolve('./broken-workflow')],
  });
  return create({ ...options, workflowsPath: undefined, workflowBundle });
};
