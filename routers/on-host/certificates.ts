import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { RouteConfig } from '../../domain/config';
import { ConfigurationFailure } from '../../domain/failures';
import { hostFor } from '../../domain/routes';
import type { Routing } from '../router';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Text of a PEM file, and where it was found. */
export interface Pem {
  place: string;
  text: string;
}

const CERTIFICATE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[^]*?-----END \1-----/g;
const KEY = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[^]*?-----END \1-----/;

/** @throws ConfigurationFailure when a router could not load the certificate with this key */
export function readPair(chain: Pem, key: Pem): X509Certificate {
  const certificate = readCertificate(chain);
  const [found] = KEY.exec(key.text) ?? [];
  if (found === undefined) throw broken(key, 'a private key (-----BEGIN PRIVATE KEY-----)', 'none');
  if (/ENCRYPTED/.test(found)) throw broken(key, 'a private key without a passphrase', 'one that is encrypted');
  const fits = tryTo(() => certificate.checkPrivateKey(createPrivateKey(found)));
  if (fits === undefined) throw broken(key, 'a private key', 'one that cannot be read');
  if (!fits) throw broken(key, `the private key of the certificate in ${chain.place}`, 'the key of another one');
  return certificate;
}

/** The first is the router's own; those that follow lead to an authority. */
function readCertificate(chain: Pem): X509Certificate {
  const [own] = (chain.text.match(CERTIFICATE) ?? []).map((text, index) => {
    const certificate = tryTo(() => new X509Certificate(text));
    if (certificate === undefined) throw broken(chain, 'certificates', `that number ${index + 1} cannot be read`);
    return certificate;
  });
  if (own === undefined) throw broken(chain, 'a certificate in PEM (-----BEGIN CERTIFICATE-----)', 'none');
  return own;
}

const UNREAD =
  'the certificates of router.tls were not looked at, because the worker cannot read them: the router will read them when it gets them';

/**
 * What makes browsers refuse a certificate is no reason to refuse a release, but somebody should hear of it.
 * @param all undefined when nobody could read them
 */
export function certificateWarnings(
  all: { place: string; certificate: X509Certificate }[] | undefined,
  routes: RouteConfig[],
): string[] {
  if (!all) return [UNREAD];
  const dates = all.flatMap(({ place, certificate: { validTo } }) => {
    const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
    if (days < 0) return [`the certificate in ${place} expired on ${validTo}: renew it`];
    return days < SOON_DAYS ? [`the certificate in ${place} expires on ${validTo}: renew it`] : [];
  });
  const hosts = [...new Set(routes.map(hostFor))].filter((host) => host !== undefined);
  const bare = hosts.filter((host) => !all.some(({ certificate }) => isFor(certificate, host)));
  return [...dates, ...bare.map((host) => `no certificate is for ${host}: browsers will refuse it`)];
}

export function routesWithTls({ services }: Pick<Routing, 'services'>, ports: number[] = []): RouteConfig[] {
  return services.flatMap(({ routes }) => routes).filter(({ port }) => ports.includes(port));
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  return (isIP(address) ? certificate.checkIP(address) : certificate.checkHost(host)) !== undefined;
}

function broken({ place }: Pem, expected: string, seen: string): ConfigurationFailure {
  return new ConfigurationFailure(`expected ${expected} in ${place}, seen ${seen}; correct router.tls`);
}

function tryTo<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
