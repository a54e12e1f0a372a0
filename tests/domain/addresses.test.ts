import { SLOT_SIZE, freeSubnet, slotAddresses, slotOfAddress, unreservedRange } from '../../domain/addresses';

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

test('the two slots never share an address, and neither gets what the engine hands out', () => {
  const services = [{ service: 'web', replicas: SLOT_SIZE }];
  const blue = slotAddresses('10.210.0.0/24', 'blue', services)!.map(({ address }) => address);
  const green = slotAddresses('10.210.0.0/24', 'green', services)!.map(({ address }) => address);
  expect(new Set([...blue, ...green]).size).toBe(2 * SLOT_SIZE);
  expect(blue.every((address) => slotOfAddress(address) === 'blue')).toBe(true);
  expect(green.every((address) => slotOfAddress(address) === 'green')).toBe(true);
  expect(unreservedRange('10.210.0.0/24')).toBe('10.210.0.0/28');
  expect(slotOfAddress('10.210.0.15')).toBeUndefined();
  expect(slotOfAddress('10.210.0.240')).toBeUndefined();
});

test('the same services get the same addresses in whatever order they are named', () => {
  const a = { service: 'api', replicas: 2 };
  const b = { service: 'web', replicas: 1 };
  expect(slotAddresses('10.210.3.0/24', 'green', [b, a])).toEqual(slotAddresses('10.210.3.0/24', 'green', [a, b]));
  expect(slotAddresses('10.210.3.0/24', 'green', [b, a])).toEqual([
    { service: 'api', replica: 1, address: '10.210.3.128' },
    { service: 'api', replica: 2, address: '10.210.3.129' },
    { service: 'web', replica: 1, address: '10.210.3.130' },
  ]);
});

test('an address that somebody else has is left out, and too few are none', () => {
  const services = [{ service: 'web', replicas: 1 }];
  expect(slotAddresses('10.210.0.0/24', 'blue', services, ['10.210.0.16'])![0]!.address).toBe('10.210.0.17');
  expect(slotAddresses('10.210.0.0/24', 'blue', [{ service: 'web', replicas: SLOT_SIZE + 1 }])).toBeUndefined();
});
