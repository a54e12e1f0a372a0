import type { AppConfig } from './config';

/** What is allowed, but promises less than a person may expect of it. */
export function configurationWarnings({ services, canary, bake, smoke, database }: AppConfig): string[] {
  const warnings: string[] = [];
  const judged = [
    ...(canary.steps.length > 0 ? ['canary'] : []),
    ...(bake.soak > 0 && bake.limits === undefined ? ['bake'] : []),
  ];
  const { errorRate, p95, healthFailures } = canary.limits;
  if (judged.length > 0 && errorRate === undefined && p95 === undefined && healthFailures === undefined) {
    warnings.push(
      `canary.limits names no limit, so nothing can fail ${judged.join(' and ')}; add errorRate, p95 or healthFailures`,
    );
  }
  for (const [name, service] of Object.entries(services)) {
    const isPinned = service.build !== undefined || /\{version\}|@sha256:/.test(service.image ?? '');
    if (!isPinned) {
      warnings.push(
        `services.${name}.image is the same for every version; write {version} where the version stands in it`,
      );
    }
    if (service.routes.length > 0 && service.health.endpoints.length === 0) {
      const what = 'the image’s own HEALTHCHECK decides whether it is healthy, or only that it runs';
      warnings.push(`services.${name} takes traffic without health.endpoints: ${what}`);
    }
  }
  if (smoke.checks.length === 0)
    warnings.push('smoke.checks is empty: nothing is tried as a user would before traffic moves');
  if (database?.onRollback === 'restore') {
    warnings.push('database.onRollback: restore loses what the live version writes while a release is under way');
  }
  return warnings;
}
