import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { ConfigurationFailure } from '../../domain/failures';
import type { PostgresHost, PostgresServer } from './server';

/** Debian, Red Hat and Alpine keep there which authorities the machine trusts. */
const SYSTEM = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

/** The files of TLS, by libpq's keywords; libpq looks for some at home when the string names none. */
export interface TlsFiles {
  sslrootcert?: string;
  sslcert?: string;
  sslkey?: string;
  sslcrl?: string;
}

export function tlsFiles({ settings, home, secret }: PostgresServer): TlsFiles {
  const atHome = (name: string): string | undefined => {
    const path = `${home}/.postgresql/${name}`;
    return existsSync(path) ? path : undefined;
  };
  const files: TlsFiles = {
    sslrootcert: settings.sslrootcert === 'system' ? systemRoots(secret) : (settings.sslrootcert ?? atHome('root.crt')),
    sslcert: settings.sslcert ?? atHome('postgresql.crt'),
    sslkey: settings.sslkey ?? atHome('postgresql.key'),
    sslcrl: settings.sslcrl ?? atHome('root.crl'),
  };
  if (settings.sslmode?.startsWith('verify-') && !files.sslrootcert) {
    throw new ConfigurationFailure(
      `The secret ${secret} cannot be used: expected "sslrootcert" beside sslmode=${settings.sslmode}, seen none, and ` +
        `no ${home}/.postgresql/root.crt: name the file of the authority's certificate, or write sslrootcert=system`,
    );
  }
  return files;
}

function systemRoots(secret: string): string {
  const found = SYSTEM.find((path) => existsSync(path));
  if (found) return found;
  throw new ConfigurationFailure(
    `The secret ${secret} asks for sslrootcert=system: expected one of ${SYSTEM.join(', ')} on the worker's machine, seen ` +
      'none: install ca-certificates, or name a file',
  );
}

/** Answers how to try a host, in libpq's order: false without TLS, else with it. */
export async function tlsTries(server: PostgresServer, { host }: PostgresHost): Promise<(false | ConnectionOptions)[]> {
  const mode = server.settings.sslmode ?? 'prefer';
  // A socket has no TLS, whatever the mode says.
  if (host.startsWith('/') || mode === 'disable') return [false];
  const secured = await secure(server, host, mode);
  if (mode === 'allow') return [false, secured];
  return mode === 'prefer' ? [secured, false] : [secured];
}

/** As in libpq, who answers is checked against the authority wherever there is one; only verify-full checks the name. */
async function secure(server: PostgresServer, host: string, mode: string): Promise<ConnectionOptions> {
  const files = tlsFiles(server);
  const read = async (keyword: keyof TlsFiles): Promise<{ text?: string }> => {
    const path = files[keyword];
    return path ? { text: await readPem(path, keyword, server.secret) } : {};
  };
  const [ca, cert, key, crl] = await Promise.all((['sslrootcert', 'sslcert', 'sslkey', 'sslcrl'] as const).map(read));
  if (cert?.text && !key?.text) {
    throw new ConfigurationFailure(
      `The secret ${server.secret} cannot be used: expected "sslkey" beside "sslcert", seen none: name the file of its key`,
    );
  }
  return {
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: ca?.text !== undefined,
    ...(ca?.text && { ca: ca.text }),
    ...(cert?.text && key?.text && { cert: cert.text, key: key.text }),
    ...(crl?.text && ca?.text && { crl: crl.text }),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...versions(server),
  };
}

function versions({ settings }: PostgresServer): ConnectionOptions {
  const { ssl_min_protocol_version: least, ssl_max_protocol_version: most } = settings;
  return {
    minVersion: (least ?? 'TLSv1.2') as SecureVersion,
    ...(most && { maxVersion: most as SecureVersion }),
  };
}

async function readPem(path: string, keyword: string, secret: string): Promise<string> {
  const failure = (seen: string): ConfigurationFailure =>
    new ConfigurationFailure(
      `The secret ${secret} cannot be used: expected "${keyword}" to name a PEM file on the worker's machine (${path}), seen ${seen}. ` +
        'Put it there for each worker, or correct the path; ~ and variables are not filled in',
    );
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw failure(error.code ?? 'an error');
  });
  if (!text.includes('-----BEGIN ')) throw failure('something else');
  return text;
}
