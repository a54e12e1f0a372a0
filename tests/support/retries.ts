/*
 * Tests share an engine, servers and two cores with each other: in a whole run one that fails is tried once more, both
 * failures are printed, and the end of the run names it, so that a busy machine does not look like a defect and a defect
 * does not look like a busy machine.
 */
jest.retryTimes(Number(process.env.SPILLWAY_RETRIES ?? 0), {
  logErrorsBeforeRetry: true,
  retryImmediately: true,
});
