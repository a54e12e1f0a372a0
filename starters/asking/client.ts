import { readFile } from 'node:fs/promises';
import type { Client, ConnectionOptions } from '@temporalio/client';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import { temporalSettings } from '../../domain/temporal-address';
import type { Pem, TemporalSettings } from '../../domain/temporal-address';
import { retry } from '../../waiting/retry';
import { temporal } from '../temporal-client';

/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000;

/** @throws UnreachableFailure when there is no answer within 5 s, ConfigurationFailure when a variable is wrong */
export async function connect(settings: TemporalSettings = temporalSettings(process.env)): Promise<Client> {
  const options = await connectionOptions(settings);
  try {
    const connection = await temporal().Connection.connect(options);
    return new (temporal().Client)({ connection, namespace: settings.namespace });
  } catch (error) {
    throw new UnreachableFailure(
      `expected Temporal to answer at ${settings.address} within ${CONNECT_TIMEOUT / 1_000} s, seen: ${oneLine(error)}; ` +
        'start one here with `spillway dev`, or set TEMPORAL_ADDRESS to where yours is',
      { cause: error },
    );
  }
}

export async function withClient<T>(body: (client: Client) => Promise<T>): Promise<T> {
  const settings = temporalSettings(process.env);
  const client = await connect(settings);
  try {
    return await body(client);
  } catch (error) {
    throw explained(error, settings);
  } finally {
    await client.connection.close();
  }
}

/** Milliseconds. */
const ASK_AGAIN_AFTER = 250;

/**
 * Asks until the deadline (ms since the epoch), since a worker or the connection may be away for a moment. The question
 * needs an id of its own, so that asking again does nothing twice.
 */
export async function untilAnswered<T>(
  client: Client,
  deadline: number,
  ask: () => Promise<T>,
): Promise<{ answer: T } | { silence: unknown }> {
  const tries = { signal: null, pause: ASK_AGAIN_AFTER, limit: deadline, clock: Date.now, helps: isSilence };
  try {
    return { answer: await retry(tries, () => client.connection.withDeadline(deadline, ask)) };
  } catch (error) {
    if (!isSilence(error)) throw error;
    return { silence: error };
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof temporal().WorkflowUpdateRPCTimeoutOrCancelledError || isConnectionLoss(error);
}

/** Answers the address of a workflow in Temporal's Web UI; undefined when nobody knows it. */
export function uiLink(
  workflowId: string,
  settings: TemporalSettings = temporalSettings(process.env),
  base: string | undefined = process.env.SPILLWAY_UI,
): string | undefined {
  const ui = base || derivedUi(settings);
  if (ui === undefined) return undefined;
  const namespace = encodeURIComponent(settings.namespace);
  return `${ui.replace(/\/+$/, '')}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
}

/** True when the connection or the server is away for a moment, so that asking again may help. */
export function isConnectionLoss(error: unknown): boolean {
  const grpc = grpcError(error);
  return grpc !== undefined && (TRANSIENT.has(grpc.code) || isBetweenTasks(grpc));
}

/** FAILED_PRECONDITION: the last workflow task failed, as on an overloaded worker, and is tried again soon. */
function isBetweenTasks({ code, details }: GrpcError): boolean {
  return code === 9 && /workflow task in failed state/i.test(details);
}

// CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE
const TRANSIENT = new Set([1, 2, 4, 8, 10, 13, 14]);
const REFUSED = new Map([
  [7, 'permission denied; check TEMPORAL_API_KEY and the namespace'],
  [16, 'unauthenticated; check TEMPORAL_API_KEY or the client certificate'],
]);

type GrpcError = Error & { code: number; details: string };

function grpcError(error: unknown): GrpcError | undefined {
  if (temporal().isGrpcServiceError(error)) return error;
  return error instanceof Error && error.cause !== undefined ? grpcError(error.cause) : undefined;
}

function explained(error: unknown, { address, namespace }: TemporalSettings): unknown {
  const code = grpcError(error)?.code;
  if (isNamespaceMissing(error)) {
    return new ConfigurationFailure(
      `expected the namespace "${namespace}" at ${address}, seen none; make it with ` +
        `\`temporal operator namespace create --namespace ${namespace}\`, or set TEMPORAL_NAMESPACE`,
      { cause: error },
    );
  }
  if (code === undefined) return error;
  const refused = REFUSED.get(code);
  if (refused !== undefined)
    return new UnreachableFailure(
      `expected Temporal at ${address} to let this client into the namespace "${namespace}", seen: ${refused}`,
      { cause: error },
    );
  if (!TRANSIENT.has(code) && !(error instanceof temporal().ServiceError)) return error;
  return new UnreachableFailure(
    `expected an answer from Temporal at ${address}, seen: ${oneLine(error)}; try again, and look at \`spillway doctor\``,
    { cause: error },
  );
}

/** The SDK has its own error for this only where it asked about a workflow. */
function isNamespaceMissing(error: unknown): boolean {
  if (error instanceof Error && error.name === 'NamespaceNotFoundError') return true;
  const { code, details = '' } = grpcError(error) ?? {};
  return code === 5 && /^namespace .* not found/i.test(details);
}

async function connectionOptions(settings: TemporalSettings): Promise<ConnectionOptions> {
  const { address, apiKey, tls } = settings;
  return {
    address,
    connectTimeout: CONNECT_TIMEOUT,
    ...(apiKey === undefined ? {} : { apiKey }),
    tls: tls === undefined ? null : await tlsOptions(tls),
  };
}

async function tlsOptions(tls: NonNullable<TemporalSettings['tls']>): Promise<ConnectionOptions['tls']> {
  const { clientCertificate, clientKey, serverCa, serverName } = tls;
  return {
    ...(clientCertificate && clientKey
      ? { clientCertPair: { crt: await readPem(clientCertificate), key: await readPem(clientKey) } }
      : {}),
    ...(serverCa ? { serverRootCACertificate: await readPem(serverCa) } : {}),
    ...(serverName ? { serverNameOverride: serverName } : {}),
  };
}

async function readPem(pem: Pem): Promise<Buffer> {
  if ('data' in pem) return Buffer.from(pem.data);
  try {
    return await readFile(pem.path);
  } catch (error) {
    throw new ConfigurationFailure(
      `expected a PEM file at ${pem.path} for Temporal’s TLS, seen: ${oneLine(error)}; correct the variable that names it`,
      { cause: error },
    );
  }
}

// Temporal's development server has its Web UI 1000 ports above. Other ports of other machines would be a guess.
function derivedUi({ address, tls }: TemporalSettings): string | undefined {
  if (/\.(tmprl\.cloud|api\.temporal\.io):\d+$/.test(address)) return 'https://cloud.temporal.io';
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
  const isKnown = port === '7233' || /^(127\.0\.0\.1|localhost|\[::1\])$/.test(host);
  return isKnown && tls === undefined ? `http://${host}:${Number(port) + 1_000}` : undefined;
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
}
