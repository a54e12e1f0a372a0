import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1m' });

/** So many activities that do nothing, one after another. */
export async function steps(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await nothing();
}
