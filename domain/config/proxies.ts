import { z } from 'zod';
import { expected } from './values';

const PROXY = expected(
  'an address such as 192.0.2.7, a range such as 10.0.0.0/8 or fd00::/8, or one of the words private and loopback',
);

const LOOPBACK = ['127.0.0.0/8', '::1'];
/** The same as Caddy's `private_ranges`, and the addresses that a link gives by itself. */
const PRIVATE = [
  ...LOOPBACK,
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
];
const WORDS: Partial<Record<string, string[]>> = { private: PRIVATE, loopback: LOOPBACK };

const RANGES = [z.ipv4(), z.cidrv4(), z.ipv6(), z.cidrv6()];

// Peers that speak IPv4 are known by their IPv4 address, so a mapped one would never fit.
function isProxy(text: string): boolean {
  if (Object.hasOwn(WORDS, text)) return true;
  return RANGES.some((range) => range.safeParse(text).success) && !/^(0*:)+ffff:/i.test(text);
}

export const trustedProxies = () =>
  z
    .array(z.string(PROXY).refine(isProxy, PROXY))
    .optional()
    .meta({
      description:
        'Who stands before the router and may say who the visitor is: addresses and ranges, `private` or `loopback`. ' +
        'From these, `X-Forwarded-For` is added to, and `X-Forwarded-Proto`, `-Host` and `-Port` are kept. From all others they are replaced.',
      examples: [['10.0.0.0/16']],
    });

/** Words become the ranges that they stand for. */
export function rangesOf(proxies: string[] = []): string[] {
  return [...new Set(proxies.flatMap((one) => WORDS[one] ?? [one]))];
}
