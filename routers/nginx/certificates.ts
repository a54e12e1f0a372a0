import type { X509Certificate } from 'node:crypto';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { readPair, type Pem } from '../on-host/certificates';
import { readPemFiles, type PemFiles } from '../on-host/pem-files';
import type { NginxConfig } from './names';

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
