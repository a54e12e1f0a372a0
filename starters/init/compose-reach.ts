import { isMapping } from '../../domain/config/merge';
import type { Ask, ComposeContext } from './compose-context';
import {
  composeDuration,
  composeMilliseconds,
  composePort,
  type ComposePort,
  composeWords,
  localAddress,
} from './compose-values';
import type { DockerfileFacts } from './dockerfile';

type Mapping = Record<string, unknown>;

interface ServiceInput {
  /** Its name in the Compose file. */
  original: string;
  given: Mapping;
  facts: DockerfileFacts | undefined;
  context: ComposeContext;
  ask: Ask;
}

type Reach = Partial<Record<'port' | 'routes' | 'health' | 'traffic' | 'run', unknown>>;

export function composeReach({ original, given, facts, context, ask }: ServiceInput): Reach {
  const ports = portsOf(given.ports, ask);
  const check = isMapping(given.healthcheck) ? given.healthcheck : undefined;
  const address = check ? localAddress(String(composeWords(check.test)?.join(' ') ?? '')) : facts?.health;
  const port =
    ports[0]?.target ?? exposed(given.expose) ?? mentioned(original, context) ?? address?.port ?? facts?.port;
  if (port === undefined) {
    ask(
      'traffic',
      'it has no port, so it is taken for a worker, of which two versions must not run at once; say `run: both` if they may',
    );
    return { traffic: 'none', run: 'live-only' };
  }
  const others = [...new Set(ports.map(({ target }) => target).filter((target) => target !== port))];
  if (others.length > 0) ask('port', `a service has one port, so ${others.join(', ')} was left out`);
  const routes = ports
    .filter(({ target, published }) => target === port && published !== undefined)
    .map(({ published }) => ({ port: published }));
  if (routes.some(({ port: at }) => at === 443))
    ask('routes', 'should the router speak TLS on 443? Give it certificates by `router.tls`');
  if (routes.length === 0)
    ask(
      'port',
      'no port of the host was published, so the router sends it nothing; give `routes` if it should be reached from outside',
    );
  if (context.neighbours.length > 1 && mentioned(original, context) !== undefined) {
    ask(
      'port',
      `others reach it as ${original}, a name that nothing has here: it is ${original}-blue or ${original}-green, so let them ask for ${original}-$SPILLWAY_SLOT`,
    );
  }
  return { port, ...(routes.length > 0 && { routes }), ...healthOf({ check, address, port, facts, ask }) };
}

function portsOf(given: unknown, ask: Ask): ComposePort[] {
  if (!Array.isArray(given)) return [];
  return given.flatMap((one) => {
    const port = composePort(one);
    const text = isMapping(one) ? `${String(one.published)}:${String(one.target)}` : String(one);
    if (port?.protocol !== 'tcp') {
      ask('port', `the port ${text} was left out: it is a range, or not TCP`);
      return [];
    }
    if (port.address !== undefined && port.address !== '0.0.0.0') {
      ask('routes', `${text} was open on ${port.address} only; the router listens on every address of the host`);
    }
    return [port];
  });
}

function exposed(given: unknown): number | undefined {
  const port = Array.isArray(given) ? Number(String(given[0]).replace(/\/tcp$/, '')) : Number.NaN;
  return Number.isInteger(port) ? port : undefined;
}

/** Finds the port by which another service calls this one, as in `http://backend:8080`. */
function mentioned(name: string, { text }: ComposeContext): number | undefined {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const port = new RegExp(`//${quoted}:(\\d{1,5})\\b`).exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

interface HealthInput extends Pick<ServiceInput, 'facts' | 'ask'> {
  check: Mapping | undefined;
  /** The check asks this address over HTTP. */
  address: { path: string; port: number } | undefined;
  port: number;
}

function healthOf({ check, address, port, facts, ask }: HealthInput): Reach {
  if (address?.port !== port) {
    if (check && check.disable !== true)
      ask(
        'port',
        'its health check asks no HTTP address of its port; which path tells that it is healthy? Or put the check into the Dockerfile',
      );
    else if (!facts?.hasHealthcheck)
      ask('port', 'which path tells that it is healthy? Without `health.endpoints` only that it runs is known');
    return {};
  }
  const endpoint = {
    path: address.path,
    ...(composeDuration(check?.timeout) && { timeout: composeDuration(check?.timeout) }),
  };
  const interval = composeDuration(check?.interval);
  const attempts = attemptsOf(check);
  return { health: { endpoints: [endpoint], ...(interval && { interval }), ...(attempts && { attempts }) } };
}

// Compose does not count tries during the start; Spillway does, so it gets as many more as fit in.
function attemptsOf(check: Mapping | undefined): number | undefined {
  const start = composeMilliseconds(check?.start_period);
  if (!check || (start === undefined && check.retries === undefined)) return undefined;
  const interval = composeMilliseconds(check.interval) ?? 1_000;
  return Math.max(1, (Number(check.retries) || 3) + Math.ceil((start ?? 0) / Math.max(interval, 10)));
}
