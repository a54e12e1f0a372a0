import type { X509Certificate } from 'node:crypto';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { readPair } from '../on-host/certificates';
import { readPemFiles, type PemFiles } from '../on-host/pem-files';

/** HAProxy reads these together with the certificate that they belong to. */
const BESIDE = /\.(key|ocsp|issuer|sctl|dh)$/;

/**
 * Reads all files as HAProxy does: each holds a certificate with its chain, and its key unless `FILE.key` does. Answers
 * undefined when only HAProxy itself can read them.
 * @throws ConfigurationFailure when HAProxy could not load them
 */
export async function readCertificates(
  host: Host,
  { folder, ...around }: Omit<PemFiles, 'places'> & { folder: string },
  io: Io,
): Promise<{ place: string; certificate: X509Certificate }[] | undefined> {
  const texts = await readPemFiles(host, { ...around, places: [folder] }, io);
  if (!texts) return undefined;
  const files = [...texts].filter(([place]) => place === folder || !BESIDE.test(place));
  if (files.length === 0) {
    throw new ConfigurationFailure(
      `expected PEM files in ${folder} on the target, each a certificate chain and its key, seen none; correct router.tls.certificates`,
    );
  }
  return files.map(([place, text]) => {
    const key = /PRIVATE KEY/.test(text) ? undefined : texts.get(keyOf(place));
    const pair = key === undefined ? { place, text } : { place: keyOf(place), text: key };
    return { place, certificate: readPair({ place, text }, pair) };
  });
}

function keyOf(file: string): string {
  return `${file}.key`;
}
