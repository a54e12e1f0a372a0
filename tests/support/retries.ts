/*
 * Tests on real parts share an engine and two cores with each other: one that fails is tried once more, and both failures
 * are printed, so that a busy machine does not look like a defect and a defect does not look like a busy machine.
 */
jest.retryTimes(Number(process.env.SPILLWAY_RETRIES ?? 0), {
  logErrorsBeforeRetry: true,
  retryImmediately: true,
});
