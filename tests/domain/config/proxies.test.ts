import { rangesOf, trustedProxies } from '../../../domain/config/proxies';

const schema = trustedProxies();

test.each(['10.0.0.0/8', '192.0.2.7', '::1', 'fd00::/8', 'private', 'loopback', '0.0.0.0/0'])(
  '%s is taken [proves 8]',
  (one) => {
    expect(schema.parse([one])).toEqual([one]);
  },
);

test.each([
  '10.0.0.0/33',
  '10.0.0',
  'lb.example.com',
  '*',
  '',
  '::ffff:192.0.2.7',
  'fe80::1%eth0',
  'toString',
  "1.2.3.4'",
])('%j is refused with what is expected [proves 8]', (one) => {
  const { error } = schema.safeParse([one]);
  expect(error?.issues.map(({ message }) => message)).toEqual([
    `expected an address such as 192.0.2.7, a range such as 10.0.0.0/8 or fd00::/8, or one of the words private and loopback, seen "${one}"`,
  ]);
});

test('words stand for ranges, each of which is there once', () => {
  expect(rangesOf(['loopback', '192.0.2.7', 'loopback'])).toEqual(['127.0.0.0/8', '::1', '192.0.2.7']);
  expect(rangesOf(undefined)).toEqual([]);
});
