import type { HttpCheck, SecretReference } from './config';
import { ConfigurationFailure } from './failures';
import { secretKey } from './identity';

/** Holds secrets in its headers, so it must not leave the process. */
export type ReadyCheck = Omit<HttpCheck, 'headers'> & { headers: Record<string, string> };

export interface Seen {
  status: number;
  body: string;
  /** In milliseconds until the last byte. */
  latency: number;
}

interface CheckResult {
  ok: boolean;
  detail: string;
}

export async function withFallback<Result extends CheckResult>(
  check: ReadyCheck,
  ask: (check: ReadyCheck) => Promise<Result>,
): Promise<{ first: Result; second?: Result; detail: string }> {
  const first = await ask(check);
  const { path, fallback } = check;
  if (first.ok || fallback === undefined) return { first, detail: first.detail };
  const second = await ask({ ...check, path: fallback });
  const detail = second.ok
    ? `${fallback} passed, ${path} did not: ${first.detail}`
    : `${path}: ${first.detail}; ${fallback}: ${second.detail}`;
  return { first, second, detail };
}

const QUOTED = 200;

type Redact = (text: string) => string;

/**
 * @throws ConfigurationFailure naming a header whose value cannot be sent, never the value; also what `secret` throws.
 */
export async function readyCheck(
  check: HttpCheck,
  secret: (reference: SecretReference) => Promise<string>,
): Promise<ReadyCheck> {
  const headers = Object.entries(check.headers).map(async ([header, given]) => {
    const value = typeof given === 'string' ? given : await secret(given);
    if (!SENDABLE.test(value)) throw notSendable(check, header, given);
    return [header, value] as const;
  });
  return { ...check, headers: Object.fromEntries(await Promise.all(headers)) };
}

// RFC 9110 allows these characters in a field value.
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

function notSendable(check: HttpCheck, header: string, given: string | SecretReference): ConfigurationFailure {
  const from = typeof given === 'string' ? 'in the configuration' : `in ${secretKey(given)}`;
  return new ConfigurationFailure(
    `expected one line of text for the header ${header} of the check ${checkName(check)}, ` +
      `seen a line break or a character that cannot be sent ${from}: correct it there`,
  );
}

/** `redact` is applied to quotes, since a server may repeat what it was sent. */
export function judgeAnswer(check: HttpCheck, seen: Seen, redact: Redact): CheckResult {
  const quote = (value: unknown): string => quoted(value, redact);
  const misses = [
    ...(check.grpc === undefined ? missedStatus(check, seen, quote) : missedServing(seen.body, quote)),
    ...missedFields(check, seen.body, quote),
    ...missedText(check, seen.body, quote),
    ...missedLatency(check, seen.latency),
  ];
  if (misses.length > 0) return { ok: false, detail: misses.join('; ') };
  return {
    ok: true,
    detail: `${check.grpc === undefined ? seen.status : seen.body} in ${Math.round(seen.latency)} ms`,
  };
}

export function checkName({ name, path, service }: HttpCheck): string {
  return name ?? (service ? `${service} ${path}` : path);
}

type Quote = (value: unknown) => string;

function missedStatus({ status }: HttpCheck, seen: Seen, quote: Quote): string[] {
  if (status.includes(seen.status)) return [];
  const body = seen.body.trim();
  return [`expected status ${status.join(' or ')}, seen ${seen.status}${body ? ` (${quote(body)})` : ''}`];
}

function missedServing(body: string, quote: Quote): string[] {
  return body === 'SERVING' ? [] : [`expected SERVING, seen ${quote(body)}`];
}

function missedFields({ json }: HttpCheck, body: string, quote: Quote): string[] {
  const wanted = Object.entries(json);
  if (wanted.length === 0) return [];
  const parsed = parse(body);
  if (parsed === undefined) return [`expected a JSON body, seen ${quote(body)}`];
  return wanted.flatMap(([path, value]) => {
    const found = fieldAt(parsed.value, path);
    return found === value ? [] : [`expected ${path} to be ${JSON.stringify(value)}, seen ${quote(found)}`];
  });
}

function missedText({ contains }: HttpCheck, body: string, quote: Quote): string[] {
  if (contains === undefined || body.includes(contains)) return [];
  return [`expected a body that contains ${JSON.stringify(contains)}, seen ${quote(body)}`];
}

function missedLatency({ maxLatency }: HttpCheck, latency: number): string[] {
  if (maxLatency === undefined || latency <= maxLatency) return [];
  return [`expected an answer within ${maxLatency} ms, seen ${Math.round(latency)} ms`];
}

function parse(body: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return undefined;
  }
}

/** `database.status`, or `checks.0.ok` for lists; undefined when there is no such field. */
function fieldAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    const isField = inner !== null && typeof inner === 'object' && Object.hasOwn(inner, key);
    return isField ? (inner as Record<string, unknown>)[key] : undefined;
  }, value);
}

/** Redacts before it shortens, since a secret that is cut in two would not be recognised. */
function quoted(value: unknown, redact: Redact): string {
  if (value === undefined) return 'no such field';
  if (value === '') return 'nothing';
  const text = redact(JSON.stringify(value));
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
