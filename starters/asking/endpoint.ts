import { checkName, judgeAnswer, withFallback } from '../../domain/health';
import type { ReadyCheck, Seen } from '../../domain/health';
import { formatDuration } from '../../domain/units';
import { TimeUp } from '../../waiting/within';
import { askGrpc } from './grpc';

/** Bytes of a body; a check never needs more, and a server may never end it. */
const LONGEST_BODY = 1_000_000;

export interface SmokeResult {
  name: string;
  url: string;
  ok: boolean;
  latency: number;
  answered: boolean;
  detail: string;
}

export async function askSmoke(base: URL, check: ReadyCheck, redact: (text: string) => string): Promise<SmokeResult> {
  const { first, second = first, detail } = await withFallback(check, (one) => askOnce(base, one, redact));
  return { ...second, name: first.name, answered: first.answered || second.answered, detail };
}

async function askOnce(base: URL, check: ReadyCheck, redact: (text: string) => string): Promise<SmokeResult> {
  const url = addressOf(base, check.path);
  const known = { name: checkName(check), url: url.href };
  const began = performance.now();
  const latency = (): number => Math.round(performance.now() - began);
  try {
    const seen =
      check.grpc === undefined
        ? await fetchOnce(url, check, latency)
        : { ...(await askGrpc(url, check, LONGEST_BODY)), latency: latency() };
    return { ...known, ...judgeAnswer(check, seen, redact), latency: seen.latency, answered: true };
  } catch (error) {
    const detail = `expected an answer within ${formatDuration(check.timeout)}, seen ${redact(whyNone(error, check))}`;
    return { ...known, ok: false, latency: latency(), answered: false, detail };
  }
}

async function fetchOnce(
  url: URL,
  { method, headers, body, timeout }: ReadyCheck,
  latency: () => number,
): Promise<Seen> {
  const response = await fetch(url, {
    method,
    headers: { 'user-agent': 'spillway-smoke', ...headers },
    ...(body === undefined ? {} : { body }),
    // A redirect is an answer too: `status: [302]` may be expected.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
  });
  const text = await readBody(response);
  return { status: response.status, body: text, latency: latency() };
}

async function readBody({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    parts.push(part as Uint8Array);
    length += (part as Uint8Array).length;
    if (length > LONGEST_BODY) break;
  }
  return Buffer.concat(parts).toString('utf8').slice(0, LONGEST_BODY);
}

function addressOf(base: URL, path: string): URL {
  return new URL(base.pathname.replace(/\/+$/, '') + path, base);
}

// `fetch` hides the reason in the cause of its error.
function whyNone(error: unknown, { timeout }: ReadyCheck): string {
  const { name, cause = error } = error as { name?: string; cause?: unknown };
  const { code, message } = cause as { code?: unknown; message?: string };
  if (name === 'TimeoutError' || error instanceof TimeUp) return `none in ${formatDuration(timeout)}`;
  if (message === 'bad port')
    return 'a port that no browser, and so no fetch, may ask (fetch.spec.whatwg.org/#port-blocking)';
  if (typeof code !== 'string') return message ?? String(cause);
  return message && !message.includes(code) ? `${code} (${message})` : code;
}
