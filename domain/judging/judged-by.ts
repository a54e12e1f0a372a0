import type { AppConfig, Limits } from '../config';

/** A step that nothing judges must not look as if it had passed. `counts` is true when the router counts requests. */
export function judgesCanary({ canary }: AppConfig, counts: boolean): boolean {
  // Requests to older versions of Spillway have no analysis.
  const { compare = false, metrics = [] } = canary.analysis ?? {};
  return (
    judgesAlone(canary.limits, canary.triggers, counts) || (counts && compare) || metrics.some(({ dryRun }) => !dryRun)
  );
}

export function judgesBake({ canary, bake }: AppConfig, counts: boolean, isFirst: boolean): boolean {
  const isRecorded = !isFirst && canary.steps.some(({ weight }) => weight < 100);
  const compared = counts && isRecorded && (canary.analysis?.compare ?? false);
  return judgesAlone(bake.limits ?? canary.limits, canary.triggers, counts) || compared;
}

function judgesAlone(
  { errorRate, p95, healthFailures }: Limits,
  triggers: AppConfig['canary']['triggers'] | undefined,
  counts: boolean,
): boolean {
  const counted = errorRate !== undefined || p95 !== undefined || (triggers ?? []).length > 0;
  return healthFailures !== undefined || (counts && counted);
}
