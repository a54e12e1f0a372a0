import type { X509Certificate } from 'node:crypto';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { readPair, type Pem } from '../on-host/certificates';
import { scopeKey, tlsOf } from '../on-host/fragments';
import { readPemFiles, type PemFiles } from '../on-host/pem-files';
import type { NginxConfig, NginxFragment } from './names';

type Tls = NonNullable<NginxConfig['tls']>;

/**
 * Answers undefined when only nginx itself can read them.
 * @throws ConfigurationFailure when nginx could not load them
 */
export async function readCertificate(
  host: Host,
  { tls: { certificate, key }, ...around }: Omit<PemFiles, 'places'> & { tls: Pick<Tls, 'certificate' | 'key'> },
  io: Io,
): Promise<{ place: string; certificate: X509Certificate }[] | undefined> {
  const texts = await readPemFiles(host, { ...around, places: [certificate, key] }, io);
  if (!texts) return undefined;
  const chain = pemOf(texts, certificate, 'certificate');
  return [{ place: certificate, certificate: readPair(chain, pemOf(texts, key, 'key')) }];
}

function pemOf(texts: Map<string, string>, place: string, setting: string): Pem {
  const text = texts.get(place);
  if (text !== undefined) return { place, text };
  throw new ConfigurationFailure(
    `expected a PEM file at ${place} on the target, seen a folder; correct router.tls.${setting}`,
  );
}

/** Earlier versions let two certificates pass, and what is in force may be configured again. */
export function hasTlsOf({ routing: { scope }, tls }: NginxFragment, before: NginxFragment[]): boolean {
  const found = before.find(({ routing }) => scopeKey(routing.scope) === scopeKey(scope));
  return JSON.stringify(found?.tls) === JSON.stringify(tls);
}

/** @throws ConfigurationFailure when another app has a port with another certificate, because a port has one server */
export function refuseSecondCertificate(before: NginxFragment[], mine: NginxFragment): void {
  const others = before.filter(({ routing }) => scopeKey(routing.scope) !== scopeKey(mine.routing.scope));
  for (const port of mine.tls?.ports ?? []) {
    const [own] = tlsOf(port, [mine]);
    const other = others.find((one) =>
      tlsOf(port, [one]).some(({ certificate, key }) => certificate !== own?.certificate || key !== own.key),
    );
    if (!own || !other) continue;
    throw new ConfigurationFailure(
      `expected all that share port ${port} to have one certificate, because nginx serves one on a port, seen that ` +
        `${scopeKey(other.routing.scope)} has ${other.tls?.certificate} and ${scopeKey(mine.routing.scope)} wants ${own.certificate}; ` +
        'name the same router.tls.certificate and key, use another port, or use HAProxy',
    );
  }
}
