import type { PortGuess } from './http-port';
import type { Ask } from './questions';

/** Says which port was taken and why, where others might be meant. */
export function askAboutGuess({ port, because, isGuess, rivals, others }: PortGuess, ask: Ask): void {
  if (isGuess)
    ask('port', `another router sent requests to it, but no port is named; ${port} was taken, because ${because}`, {
      importance: 'decide',
    });
  if (rivals.length > 0)
    ask(
      'port',
      `${[port, ...rivals].join(', ')}: which one speaks HTTP? ${port} was taken, because ${because}; a service has one port here`,
      { importance: 'decide' },
    );
  if (others.length > 0) ask('port', 'a service has one port here, so {items} stayed out', { items: inRuns(others) });
}

/** @param ports those of a worker, such as `25/tcp`; nothing is asked when it has none */
export function askWhetherHttp(ports: string[], ask: Ask): void {
  if (ports.length > 0)
    ask(
      'traffic',
      'the router speaks HTTP, so it sends nothing to {items}; is one of these HTTP? Then give `port` and `routes`',
      { importance: 'decide', items: [...new Set(ports)] },
    );
}

/** Writes neighbours as one: `5000-5010`. */
function inRuns(ports: number[]): string[] {
  const runs: [from: number, to: number][] = [];
  for (const port of [...ports].sort((one, other) => one - other)) {
    const last = runs.at(-1);
    if (last && port === last[1] + 1) last[1] = port;
    else runs.push([port, port]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
}

/** A path is copied into spillway.yaml, so it must not hold a secret. */
export function askAboutSecretPath(ask: Ask): void {
  ask(
    'port',
    'its health check has a secret in its address, which was not copied: which path tells without one? Secrets may stand in `headers` of `health.endpoints`',
    { importance: 'decide' },
  );
}
