import { GROUPS, type Group } from '../../domain/release';

/*
 * Addresses are fixed: an engine that hands them out again after a restart could give blue's address to green. The last
 * byte is 0–15 for engine, gateway and others, 16–94 blue, 96–174 green, 176–254 baseline.
 */

const FIRST: Record<Group, number> = { blue: 16, green: 96, baseline: 176 };
export const GROUP_SIZE = 79;

export interface ReplicaAddress {
  service: string;
  replica: number;
  address: string;
}

/** @throws RangeError when `pool` is not an IPv4 network of at least a /24. */
export function freeSubnet(pool: string, taken: readonly string[]): string | undefined {
  const range = parseCidr(pool);
  if (!range || range.end - range.start < 255) {
    throw new RangeError(`expected an IPv4 network of /24 or larger such as 10.210.0.0/16, seen "${pool}"`);
  }
  const others = taken.map((cidr) => parseCidr(cidr)).filter((other) => other !== undefined);
  for (let start = range.start; start + 255 <= range.end; start += 256) {
    if (others.every((other) => other.end < start || other.start > start + 255)) return `${formatIp(start)}/24`;
  }
  return undefined;
}

/** Answers false for what is no IPv4 network. */
export function overlap(one: string, other: string): boolean {
  const [first, second] = [parseCidr(one), parseCidr(other)];
  return first !== undefined && second !== undefined && first.start <= second.end && second.start <= first.end;
}

/** The engine serves other containers from this range, which no group uses. */
export function unreservedRange(subnet: string): string {
  return subnet.replace(/\.0\/24$/, '.0/28');
}

/** The same services get the same addresses; undefined when the group has too few left. */
export function groupAddresses(
  subnet: string,
  group: Group,
  services: readonly { service: string; replicas: number }[],
  taken: readonly string[] = [],
): ReplicaAddress[] | undefined {
  const prefix = subnet.replace(/\.0\/24$/, '');
  const free = Array.from({ length: GROUP_SIZE }, (_, index) => `${prefix}.${FIRST[group] + index}`).filter(
    (address) => !taken.includes(address),
  );
  const wanted = [...services]
    .sort((a, b) => (a.service < b.service ? -1 : 1))
    .flatMap(({ service, replicas }) =>
      Array.from({ length: replicas }, (_, index) => ({ service, replica: index + 1 })),
    );
  if (wanted.length > free.length) return undefined;
  return wanted.map((replica, index) => ({ ...replica, address: free[index]! }));
}

/** Answers undefined when the address is reserved to no group. */
export function groupOfAddress(address: string): Group | undefined {
  const last = Number(address.split('.')[3]);
  return GROUPS.find((group) => last >= FIRST[group] && last < FIRST[group] + GROUP_SIZE);
}

function parseCidr(cidr: string): { start: number; end: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (!match) return undefined;
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number];
  if ([a, b, c, d].some((byte) => byte > 255) || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const ip = ((a * 256 + b) * 256 + c) * 256 + d;
  const start = Math.floor(ip / size) * size;
  return { start, end: start + size - 1 };
}

function formatIp(ip: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(ip / 2 ** shift) % 256).join('.');
}
