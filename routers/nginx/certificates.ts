import type { X509Certificate } from 'node:crypto';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { readPair, type Pem } from '../on-host/certificates';
import type { NginxConfig } from './names';

/** @throws ConfigurationFailure when nginx could not load them */
export async function readCertificate(
  host: Host,
  { certificate, key }: NonNullable<NginxConfig['tls']>,
  io: Io,
): Promise<{ place: string; certificate: X509Certificate }> {
  const chain = await readPem(host, certificate, 'certificate', io);
  return { place: certificate, certificate: readPair(chain, await readPem(host, key, 'key', io)) };
}

async function readPem(host: Host, place: string, setting: string, io: Io): Promise<Pem> {
  const text = await host.readFile(place, io);
  if (text !== undefined) return { place, text };
  throw new ConfigurationFailure(
    `expected a PEM file at ${place} on the target, seen no such file; correct router.tls.${setting}`,
  );
}
