import { readFile } from 'node:fs/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import { ConfigurationFailure, UnreachableFailure } from '../domain/failures';
import type { Pem, TemporalSettings, TemporalTls } from '../domain/temporal-address';
import { retry } from '../waiting/retry';

const RETRY_MS = 500;

/** @throws UnreachableFailure when Temporal, which may be starting, does not answer within `patienceMs` */
export async function connectTemporal(settings: TemporalSettings, patienceMs: number): Promise<NativeConnection> {
  const options = await connectionOptions(settings);
  try {
    return await retry({ signal: null, pause: RETRY_MS, limit: patienceMs }, () => NativeConnection.connect(options));
  } catch (error) {
    throw unreachable(settings, error);
  }
}

function unreachable({ address }: TemporalSettings, error: unknown): UnreachableFailure {
  const seen = error instanceof Error ? error.message : String(error);
  return new UnreachableFailure(
    `expected Temporal to answer at ${address}, seen: ${seen}; ` +
      'start one here with `spillway dev`, or set TEMPORAL_ADDRESS, and TEMPORAL_TLS_… where it wants TLS',
  );
}

async function connectionOptions({ address, apiKey, tls }: TemporalSettings): Promise<NativeConnectionOptions> {
  return { address, ...(apiKey ? { apiKey } : {}), ...(tls ? { tls: await tlsOptions(tls) } : {}) };
}

async function tlsOptions(tls: TemporalTls): Promise<NativeConnectionOptions['tls']> {
  const [crt, key, ca] = await Promise.all([
    readPem('TEMPORAL_TLS_CLIENT_CERT_PATH', tls.clientCertificate),
    readPem('TEMPORAL_TLS_CLIENT_KEY_PATH', tls.clientKey),
    readPem('TEMPORAL_TLS_SERVER_CA_CERT_PATH', tls.serverCa),
  ]);
  return {
    ...(crt && key ? { clientCertPair: { crt, key } } : {}),
    ...(ca ? { serverRootCACertificate: ca } : {}),
    ...(tls.serverName ? { serverNameOverride: tls.serverName } : {}),
  };
}

async function readPem(variable: string, pem: Pem | undefined): Promise<Buffer | undefined> {
  if (!pem) return undefined;
  if ('data' in pem) return Buffer.from(pem.data);
  return readFile(pem.path).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationFailure(
      `${variable}: expected a PEM file at ${pem.path}, seen ${error.code ?? error.message}`,
    );
  });
}
