import { z } from 'zod';
import { expected } from './values';

const NETWORK = expected('the name of a Docker network such as shop_default');
const JOINABLE = expected('a network that containers join beside their own; `none` and `host` stand alone');

const network = z
  .string(NETWORK)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, NETWORK)
  .refine((name) => name !== 'host' && name !== 'none', JOINABLE);

export const networks = z.array(network);

const HOST = expected('a host name such as db or host.docker.internal');
const ADDRESS = expected('an address such as 10.0.0.5, or host-gateway for the target itself');

export const hosts = z.record(
  z.string(HOST).regex(/^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$/, HOST),
  z.string(ADDRESS).refine(isAddress, ADDRESS),
);

function isAddress(text: string): boolean {
  return text === 'host-gateway' || z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success;
}
