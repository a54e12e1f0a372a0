import { ConfigurationFailure, UnreachableFailure } from '../domain/failures';
import { excerpt } from './excerpt';

interface Lasting {
  /** Matches Node's or OpenSSL's code and message. */
  is: RegExp;
  what?: string;
  advice: string;
}

/** These failures come again with every question. */
const LASTING: Lasting[] = [
  { is: /TOO_MANY_BYTES/, advice: 'ask for less, such as a sum' },
  {
    is: /CERTIFICATE_REQUIRED/,
    advice:
      'it asks for a certificate of its client, and Spillway has none; name an address that takes a token or a password',
  },
  { is: /ALTNAME_INVALID|HOSTNAME_MISMATCH/, advice: 'correct the host of its url, or its certificate' },
  { is: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, advice: 'renew its certificate, or set the clocks right' },
  {
    is: /CERT_|_CERT\b|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECODE)|INVALID_(CA|PURPOSE)/,
    what: 'a certificate that is not trusted',
    advice: 'name its authority in `ca`',
  },
  { is: /wrong version number|WRONG_VERSION_NUMBER/, advice: 'it speaks no TLS; correct its url, such as to `http:`' },
  { is: /HPE_INVALID_CONSTANT/, advice: 'it speaks no HTTP; correct its url' },
  { is: /ERR_INVALID_CHAR/, advice: 'correct this header, whose secret may hold a line break' },
];

/** A server that is away may come back; one that is not trusted stays so until somebody corrects something. */
export function httpFailure(place: string, error: Error): ConfigurationFailure | UnreachableFailure {
  const said = saidBy(error);
  const lasting = LASTING.find(({ is }) => is.test(`${(error as NodeJS.ErrnoException).code} ${said}`));
  if (!lasting) return new UnreachableFailure(`expected an answer of ${place}, seen ${said}`, { cause: error });
  const { what, advice } = lasting;
  const seen = what === undefined ? said : `${what} (${said})`;
  return new ConfigurationFailure(`expected an answer of ${place}, seen ${seen}: ${advice}`, { cause: error });
}

/** Names with several addresses fail with one error for each, and an empty message. */
function saidBy(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  return excerpt(first?.message ?? error.message) || code || error.name;
}
