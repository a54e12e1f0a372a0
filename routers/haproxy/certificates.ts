import type { X509Certificate } from 'node:crypto';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { readPair } from '../on-host/certificates';

/** HAProxy reads these together with the certificate that they belong to. */
const BESIDE = /\.(key|ocsp|issuer|sctl|dh)$/;

/**
 * Reads all files as HAProxy does: each holds a certificate with its chain, and its key unless `FILE.key` does.
 * @throws ConfigurationFailure when HAProxy could not load them
 */
export async function readCertificates(
  host: Host,
  folder: string,
  io: Io,
): Promise<{ place: string; certificate: X509Certificate }[]> {
  const isFile = (await host.run(['test', '-f', folder], io)).exitCode === 0;
  const names = isFile ? [] : (await host.listFiles(folder, io)).filter((name) => !name.startsWith('.'));
  const files = isFile ? [folder] : names.filter((name) => !BESIDE.test(name)).map((name) => `${folder}/${name}`);
  if (files.length === 0) {
    const isThere = (await host.run(['test', '-d', folder], io)).exitCode === 0;
    throw new ConfigurationFailure(
      `expected PEM files in ${folder} on the target, each a certificate chain and its key, seen ${isThere ? 'none' : 'no such folder'}; ` +
        'correct router.tls.certificates',
    );
  }
  return Promise.all(
    files.map(async (place) => {
      const text = (await host.readFile(place, io)) ?? '';
      const key = /PRIVATE KEY/.test(text) ? undefined : await host.readFile(keyOf(place), io);
      const pair = key === undefined ? { place, text } : { place: keyOf(place), text: key };
      return { place, certificate: readPair({ place, text }, pair) };
    }),
  );
}

function keyOf(file: string): string {
  return `${file}.key`;
}
