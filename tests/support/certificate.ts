import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The same pair as nginx reads it, and in a folder as HAProxy does. */
export interface Certificate {
  certificate: string;
  key: string;
  certificates: string;
}

/** Writes a certificate that is its own authority into an existing folder. */
export async function certificateIn(folder: string, host = 'localhost'): Promise<Certificate> {
  const [certificate, key, certificates] = [`${folder}/fx.crt`, `${folder}/fx.key`, `${folder}/certs`];
  const subject = [
    '-subj',
    `/CN=${host}`,
    '-addext',
    `subjectAltName=DNS:${host}`,
    '-days',
    '1',
    '-nodes',
    '-newkey',
    'rsa:2048',
  ];
  await run('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate]);
  await mkdir(certificates);
  await writeFile(`${certificates}/fx.pem`, `${await readFile(certificate, 'utf8')}${await readFile(key, 'utf8')}`);
  return { certificate, key, certificates };
}
