import type { ComposeHealthcheck, ComposeService } from '../compose/model';
import { showsSecret } from '../compose/secret-signs';
import { composeDuration, composeMilliseconds, localAddress, saysMore, withPorts } from '../compose-values';
import { askAboutSecretPath } from '../port-questions';
import type { Ask } from '../questions';
import type { Released } from './context';

/** What its health check asks over HTTP. */
export function healthAddress({
  name,
  healthcheck,
  environment,
}: ComposeService): { path: string; port: number } | undefined {
  if (!healthcheck || healthcheck.disabled) return undefined;
  const values = Object.fromEntries(environment.map((variable) => [variable.name, variable.value?.text ?? '']));
  return localAddress(withPorts(healthcheck.test.join(' '), values), name);
}

export function healthOf(
  { service, facts }: Released,
  port: number,
  address: { path: string; port: number } | undefined,
  ask: Ask,
): { health?: unknown } {
  const check = service.healthcheck?.disabled ? undefined : service.healthcheck;
  const more = check && saysMore(check.test.join(' '));
  if (check && more) {
    ask(
      'port',
      `its health check ${more}, which \`health.endpoints\` cannot; which path tells without that? Or put the check into the Dockerfile`,
      {
        importance: 'decide',
      },
    );
    return {};
  }
  if (address && showsSecret(address.path)) {
    askAboutSecretPath(ask);
    return {};
  }
  if (address?.port !== port) {
    const asked = healthAddress(service);
    if (check && asked)
      ask(
        'port',
        'its health check asks {items}, and `health.endpoints` only the port of the service; which path tells there that it is healthy? Or put the check into the Dockerfile',
        { items: [`:${asked.port}${asked.path}`] },
      );
    else if (check && check.test.length > 0)
      ask(
        'port',
        'its health check asks no HTTP address of its port; which path tells that it is healthy? Or put the check into the Dockerfile',
      );
    else if (!facts?.hasHealthcheck)
      ask('port', 'which path tells that it is healthy? Without `health.endpoints` only that it runs is known');
    return {};
  }
  const timeout = composeDuration(check?.given.timeout);
  const interval = composeDuration(check?.given.interval);
  const attempts = attemptsOf(check);
  return {
    health: {
      endpoints: [{ path: address.path, ...(timeout && { timeout }) }],
      ...(interval && { interval }),
      ...(attempts && { attempts }),
    },
  };
}

// Compose does not count tries during the start; Spillway does, so it gets as many more as fit in.
function attemptsOf(check: ComposeHealthcheck | undefined): number | undefined {
  const start = composeMilliseconds(check?.given.start_period);
  if (!check || (start === undefined && check.given.retries === undefined)) return undefined;
  const interval = composeMilliseconds(check.given.interval) ?? 1_000;
  return Math.max(1, (Number(check.given.retries) || 3) + Math.ceil((start ?? 0) / Math.max(interval, 10)));
}
