import {
  GROUP_SIZE,
  freeSubnet,
  groupAddresses,
  groupOfAddress,
  unreservedRange,
} from '../../../targets/docker/addresses';
import { GROUPS } from '../../../domain/release';

test('the first /24 that overlaps nothing is chosen, whatever the size of what is there', () => {
  expect(freeSubnet('10.210.0.0/16', [])).toBe('10.210.0.0/24');
  expect(freeSubnet('10.210.0.0/16', ['10.210.0.0/24', '10.210.2.0/24'])).toBe('10.210.1.0/24');
  expect(freeSubnet('10.210.0.0/16', ['10.210.0.128/25', '10.210.0.0/22'])).toBe('10.210.4.0/24');
  expect(freeSubnet('10.210.0.0/16', ['fd00::/64', '172.17.0.0/16'])).toBe('10.210.0.0/24');
});

test('a pool that is used up has none, and one that is none is an error', () => {
  expect(freeSubnet('10.210.7.0/24', ['10.0.0.0/8'])).toBeUndefined();
  expect(() => freeSubnet('10.210.0.0/25', [])).toThrow(RangeError);
  expect(() => freeSubnet('somewhere', [])).toThrow(RangeError);
});

test('slots and fresh baseline never share an address, and none gets what the engine hands out', () => {
  const services = [{ service: 'web', replicas: GROUP_SIZE }];
  const all = GROUPS.flatMap((group) => {
    const addresses = groupAddresses('10.210.0.0/24', group, services)!.map(({ address }) => address);
    expect(new Set(addresses.map(groupOfAddress))).toEqual(new Set([group]));
    return addresses;
  });
  expect(new Set(all).size).toBe(GROUPS.length * GROUP_SIZE);
  expect(all).not.toContain('10.210.0.255');
  expect(unreservedRange('10.210.0.0/24')).toBe('10.210.0.0/28');
  for (const last of [0, 15, 255]) expect(groupOfAddress(`10.210.0.${last}`)).toBeUndefined();
});

test('the same services get the same addresses in whatever order they are named', () => {
  const a = { service: 'api', replicas: 2 };
  const b = { service: 'web', replicas: 1 };
  expect(groupAddresses('10.210.3.0/24', 'green', [b, a])).toEqual(groupAddresses('10.210.3.0/24', 'green', [a, b]));
  expect(groupAddresses('10.210.3.0/24', 'green', [b, a])).toEqual([
    { service: 'api', replica: 1, address: '10.210.3.96' },
    { service: 'api', replica: 2, address: '10.210.3.97' },
    { service: 'web', replica: 1, address: '10.210.3.98' },
  ]);
});

test('an address that somebody else has is left out, and too few are none', () => {
  const services = [{ service: 'web', replicas: 1 }];
  expect(groupAddresses('10.210.0.0/24', 'blue', services, ['10.210.0.16'])![0]!.address).toBe('10.210.0.17');
  expect(groupAddresses('10.210.0.0/24', 'blue', [{ service: 'web', replicas: GROUP_SIZE + 1 }])).toBeUndefined();
});
