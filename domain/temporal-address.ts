import { ConfigurationFailure } from './failures';
import { formatCount } from './units';

export type Pem = { path: string } | { data: string };

export interface TemporalTls {
  clientCertificate?: Pem;
  clientKey?: Pem;
  serverCa?: Pem;
  /** Expected in the server's certificate instead of the address's host. */
  serverName?: string;
}

/** Whoever connects reads the files. */
export interface TemporalSettings {
  /** `HOST:PORT` */
  address: string;
  namespace: string;
  apiKey?: string;
  /** Absent means plain text. */
  tls?: TemporalTls;
}

type Environment = Record<string, string | undefined>;

const TEMPORAL_PORT = 7233;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Reads Temporal's own variables (https://docs.temporal.io/develop/environment-configuration).
 *
 * @throws ConfigurationFailure naming all variables that are wrong; it never quotes a key.
 */
export function temporalSettings(environment: Environment): TemporalSettings {
  const problems: string[] = [];
  const address = parseAddress(environment.TEMPORAL_ADDRESS, problems);
  const tls = parseTls(environment, problems);
  if (problems.length > 0) {
    throw new ConfigurationFailure(
      `expected variables of Temporal without mistakes, seen ${formatCount(problems.length, 'mistake')}:\n- ${problems.join('\n- ')}`,
    );
  }
  const apiKey = environment.TEMPORAL_API_KEY;
  return {
    address,
    namespace: environment.TEMPORAL_NAMESPACE || 'default',
    ...(apiKey ? { apiKey } : {}),
    ...(tls ? { tls } : {}),
  };
}

/** A loopback address means another server on every machine, so the machine's name replaces it. */
export function ownerName({ address, namespace }: TemporalSettings, hostName: string): string {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at);
  return `${LOOPBACK.test(host) ? hostName : host}${address.slice(at)}/${namespace}`;
}

function parseAddress(text: string | undefined, problems: string[]): string {
  if (!text) return `127.0.0.1:${TEMPORAL_PORT}`;
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(match?.[2] ?? TEMPORAL_PORT);
  if (match && port >= 1 && port <= 65_535) return `${match[1]}:${port}`;
  problems.push(`TEMPORAL_ADDRESS: expected HOST:PORT without a scheme, such as 127.0.0.1:7233, seen "${text}"`);
  return '';
}

function parseTls(environment: Environment, problems: string[]): TemporalTls | undefined {
  const wanted = parseFlag(environment, 'TEMPORAL_TLS', problems);
  if (parseFlag(environment, 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION', problems)) {
    problems.push(
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: expected it unset, since Temporal’s TypeScript SDK always verifies, seen it ' +
        'set; give TEMPORAL_TLS_SERVER_CA_CERT_PATH, and TEMPORAL_TLS_SERVER_NAME when the names differ',
    );
  }
  const tls: TemporalTls = {
    ...named('clientCertificate', parsePem(environment, 'TEMPORAL_TLS_CLIENT_CERT', problems)),
    ...named('clientKey', parsePem(environment, 'TEMPORAL_TLS_CLIENT_KEY', problems)),
    ...named('serverCa', parsePem(environment, 'TEMPORAL_TLS_SERVER_CA_CERT', problems)),
    ...named('serverName', environment.TEMPORAL_TLS_SERVER_NAME || undefined),
  };
  if (!tls.clientCertificate !== !tls.clientKey) {
    problems.push('TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH: expected both or none, seen one');
  }
  const implied = Boolean(environment.TEMPORAL_API_KEY) || Object.keys(tls).length > 0;
  return (wanted ?? implied) ? tls : undefined;
}

function parsePem(environment: Environment, name: string, problems: string[]): Pem | undefined {
  const path = environment[`${name}_PATH`];
  const data = environment[`${name}_DATA`];
  if (path && data) problems.push(`${name}_PATH and ${name}_DATA: expected one of them, seen both`);
  if (path) return { path };
  return data ? { data } : undefined;
}

function parseFlag(environment: Environment, name: string, problems: string[]): boolean | undefined {
  const text = environment[name]?.toLowerCase();
  if (!text) return undefined;
  if (text === 'true' || text === '1') return true;
  if (text !== 'false' && text !== '0') problems.push(`${name}: expected true or false, seen "${text}"`);
  return false;
}

function named<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: V });
}
