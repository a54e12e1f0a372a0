import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** Makes workflow code fail as a programming error does, just when the new version has got its share of the traffic. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity(input, next) {
        if (input.activityType === 'soak') throw new TypeError("Cannot read properties of undefined (reading 'soak')");
        return next(input);
      },
    },
  ],
});
