import type { WorkerOptions } from '@temporalio/worker';
import { workflowCode, writeBundle } from '../../workers/bundle';

type WorkflowBundle = NonNullable<WorkerOptions['workflowBundle']>;

let bundle: Promise<WorkflowBundle> | undefined;

/** The workflows, bundled: by the build, or now where something in them is newer. Bundling takes seconds of both cores. */
export function workflowBundle(): Promise<WorkflowBundle> {
  return (bundle ??= bundled());
}

async function bundled(): Promise<WorkflowBundle> {
  const { workflowBundle: fresh } = await workflowCode();
  return fresh ?? { codePath: await writeBundle() };
}
