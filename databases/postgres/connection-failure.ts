import type { DatabaseError } from 'pg';
import { ConfigurationFailure, SpillwayFailure, UnreachableFailure } from '../../domain/failures';
import type { PostgresServer } from './server';
import { messageWithoutValues } from './without-values';

const UNREACHABLE = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|ENOENT|08|57P0|53)/;
const BROKEN =
  /Connection terminated|timeout expired|Query read timeout|Client (was closed|has encountered)|not queryable/;
const REFUSED = /^(28|3D000|42501)/;
const NO_TLS = 'The server does not support SSL connections';
const NOT_POSTGRES = 'There was an error establishing an SSL connection';
const CERTIFICATE =
  /^(ERR_(TLS|SSL|OSSL|CRYPTO)|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|CRL_|HOSTNAME_MISMATCH|INVALID_)/;
/** The server refuses the certificate with which we come, or misses it. */
const CLIENT_REFUSED = /_ALERT_(UNKNOWN_CA|(BAD|UNSUPPORTED)?_?CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)/;
/** A pooler answers with this code whatever happened, and some of it passes by itself. */
const POOLER_REFUSED = /no such (database|user)|unsupported startup parameter|authentication failed|not allowed/i;

interface Seen {
  code: string;
  message: string;
  said: string;
  /** True when the server itself answered so. */
  isAnswer: boolean;
}

function seenIn(error: unknown): Seen {
  const { errors } = error as { errors?: Partial<DatabaseError>[] };
  const { code = '', message: told = '', severity } = errors?.[0] ?? (error as Partial<DatabaseError>);
  const message = messageWithoutValues(code, told);
  return { code, message, said: message.includes(code) ? message : `${code}: ${message}`, isAnswer: !!severity };
}

/** Answers undefined when the error is not about the connection. */
export function connectionFailure(error: unknown, server: PostgresServer): SpillwayFailure | undefined {
  if (error instanceof SpillwayFailure) return undefined;
  const seen = seenIn(error);
  const { code, message, said } = seen;
  const advice = tlsAdvice(seen);
  if (advice) return refused(server, said, advice);
  if (code === '08P01' && POOLER_REFUSED.test(message)) return refused(server, said);
  if (UNREACHABLE.test(code) || BROKEN.test(message)) {
    return new UnreachableFailure(
      `expected PostgreSQL at ${server.name} to answer, seen: ${said}. Check that it runs and that the worker may reach it`,
    );
  }
  if (REFUSED.test(code) || /^SASL/.test(message)) return refused(server, said);
  return undefined;
}

/** While connecting, every answer that cannot get better by itself is the connection string's fault. */
export function connectingFailure(error: unknown, server: PostgresServer): unknown {
  const known = connectionFailure(error, server);
  if (known) return known;
  const { said, isAnswer, code } = seenIn(error);
  return isAnswer || code === 'EACCES' ? refused(server, said) : error;
}

/** libpq tries again without TLS, or with it, after these. */
export function mayTryOtherwise(error: unknown): boolean {
  const { code, message } = seenIn(error);
  return code === '28000' || message === NO_TLS || CERTIFICATE.test(code);
}

/** Another host of the list may answer. */
export function mayTryNext(error: unknown): boolean {
  return error instanceof UnreachableFailure;
}

function refused(
  server: PostgresServer,
  said: string,
  advice = 'Correct it, or the rights of its user',
): SpillwayFailure {
  return new ConfigurationFailure(
    `expected PostgreSQL at ${server.name} to let Spillway in and do its work as the secret ${server.secret} says, ` +
      `seen: ${said}. ${advice}`,
  );
}

function tlsAdvice({ code, message }: Seen): string | undefined {
  if (message === NO_TLS) return 'Turn TLS on there, or write sslmode=prefer or sslmode=disable';
  if (message === NOT_POSTGRES) return 'What answers there is no PostgreSQL: correct host and port';
  if (!CERTIFICATE.test(code)) return undefined;
  if (CLIENT_REFUSED.test(code)) {
    return (
      'The server does not take the certificate of the client: let sslcert and sslkey name one, with its key, of an authority ' +
      'that the server trusts (its ssl_ca_file)'
    );
  }
  if (/_ALERT_/.test(code))
    return 'The server ended TLS: its log says why; sslmode and ssl_min_protocol_version are ours';
  if (/^ERR_(OSSL|CRYPTO)_/.test(code)) {
    return (
      'Let sslcert and sslkey name a certificate and its own key, in PEM and without a passphrase (openssl pkey takes it off), ' +
      'and sslrootcert and sslcrl whole PEM files'
    );
  }
  return (
    'Let sslrootcert name the certificate of the authority that signed it (a self-signed one is its own), and the host be ' +
    'one that it names; sslmode=require without sslrootcert encrypts without checking who answers'
  );
}
