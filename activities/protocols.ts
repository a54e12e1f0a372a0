import type { ServiceConfig } from '../domain/config';
import type { Endpoint } from '../domain/endpoint';
import { ConfigurationFailure } from '../domain/failures';
import type { Protocol, Replica } from '../targets/replicas';
import type { StepParts } from './io';
import type { Step } from './steps';

type Asking = Pick<StepParts, 'target' | 'io'>;

const NAMES: Record<Protocol, string> = { http1: 'HTTP/1.1', h2c: 'HTTP/2' };

/**
 * A service whose health was asked over its port has shown that it speaks its protocol. The others are greeted.
 *
 * @throws ConfigurationFailure only when it is sure that the router would get no answer from a service
 */
export async function expectProtocols(
  { config, release }: Pick<Step, 'config' | 'release'>,
  replicas: Replica[],
  asking: Asking,
): Promise<void> {
  const services = Object.entries(config.services).filter(([, service]) => isUnproven(service));
  await Promise.all(
    services.map(async ([name, { protocol = 'http1', port }]) => {
      const endpoint = replicas.find(({ service }) => service === name)?.endpoint;
      if (!endpoint || !(await speaksOnlyTheOther(endpoint, protocol, asking))) return;
      const other = otherThan(protocol);
      throw new ConfigurationFailure(
        `expected ${name} of ${release.version} to answer ${NAMES[protocol]} on port ${port}, seen that it speaks only ${NAMES[other]}, ` +
          `so the router would answer 502 for it: set \`protocol: ${other}\` in services.${name}`,
      );
    }),
  );
}

function isUnproven({ traffic, routes, health }: ServiceConfig): boolean {
  return traffic === 'http' && routes.length > 0 && health.endpoints.length === 0;
}

/** Silence proves nothing: a first page may be slow. Nor does a hang-up, before the other protocol is understood. */
async function speaksOnlyTheOther(at: Endpoint, protocol: Protocol, { target, io }: Asking): Promise<boolean> {
  const other = otherThan(protocol);
  const first = await target.replicas.greet(at, protocol, io);
  if (first !== 'neither') return first === other;
  if ((await target.replicas.greet(at, other, io)) !== other) return false;
  const again = await target.replicas.greet(at, protocol, io);
  return again === 'neither' || again === other;
}

function otherThan(protocol: Protocol): Protocol {
  return protocol === 'http1' ? 'h2c' : 'http1';
}
