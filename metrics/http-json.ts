import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { formatDuration } from '../domain/units';
import { within } from '../waiting/within';

const TRIES = 3;
/** It doubles with each try. */
const PAUSE_MS = 200;
const MOST_BYTES = 8_000_000;
const TOLD = 200;

export interface HttpAnswer {
  status: number;
  body: string;
  /** The server's `Date` in ms since the epoch; absent when it sends none. */
  date?: number;
  /** Where a redirect leads to. */
  location?: string;
}

interface HttpQuestion {
  url: string;
  headers: Record<string, string>;
  /** It is sent by POST; without one the question is a GET. */
  body?: string;
  /** PEM of the authority that signed the server's certificate; without it the machine's are trusted. */
  ca?: string;
  timeout: number;
}

/**
 * Retries after 429, 5xx and broken connections. It follows no redirects, since credentials would go with them.
 * @throws UnreachableFailure without an answer in time; the signal's reason when aborted
 */
export async function askHttp(question: HttpQuestion, io: Io): Promise<HttpAnswer> {
  const { url, timeout } = question;
  const late = `expected an answer of ${shownUrl(url)}, seen none within ${formatDuration(timeout)}`;
  let last: Answered | undefined;
  try {
    return await within({ signal: io.signal, limit: timeout, late }, (signal) =>
      tryToAsk(question, { ...io, signal }, (answer) => (last = answer)),
    );
  } catch (error) {
    io.signal.throwIfAborted();
    // An earlier answer tells more than the time-out.
    if (last) return last;
    throw error;
  }
}

interface Answered extends HttpAnswer {
  /** Milliseconds. */
  retryAfter?: number;
}

async function tryToAsk(question: HttpQuestion, io: Io, answered: (answer: Answered) => void): Promise<HttpAnswer> {
  const end = Date.now() + question.timeout;
  for (let tried = 1; ; tried++) {
    const { answer, error } = await once(question, io.signal).then(
      (answer) => ({ answer, error: undefined }),
      (error: Error) => ({ answer: undefined, error }),
    );
    io.signal.throwIfAborted();
    if (answer) answered(answer);
    if (answer && !mayPass(answer)) return answer;
    const pause = answer?.retryAfter ?? PAUSE_MS * 2 ** (tried - 1);
    // A longer wait than the time left would only hide the answer.
    if (tried < TRIES && Date.now() + pause < end) {
      await sleep(pause, undefined, { signal: io.signal });
      continue;
    }
    if (answer) return answer;
    const message = `expected an answer of ${shownUrl(question.url)}, seen ${reasonOf(error)}`;
    throw new UnreachableFailure(message, { cause: error });
  }
}

/** 501 says that it will never be otherwise. */
export function mayPass({ status }: HttpAnswer): boolean {
  return status === 429 || (status >= 500 && status !== 501);
}

export function statusProblem(url: string, { status, body, location }: HttpAnswer): string {
  const said = body.trim() === '' ? '' : ` (${excerpt(body)})`;
  return `expected status 200 of ${shownUrl(url)}, seen ${status}${said}${redirectOf(url, location) ?? adviceOf(status)}`;
}

/** Shortens a text at whole words: half a secret would not be recognised, and so not be hidden. */
export function excerpt(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > TOLD ? `${line.slice(0, TOLD + 1).replace(/[^\s"'`,;(){}<>]*$/, '')}…` : line;
}

/** Leaves out the user and the query, which may hold secrets. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** It is not followed, since credentials would go with it. */
function redirectOf(url: string, location: string | undefined): string | undefined {
  if (location === undefined || !URL.canParse(location, url)) return undefined;
  return `: it redirects to ${shownUrl(new URL(location, url).href)}; correct its url, since credentials must not follow`;
}

function adviceOf(status: number): string {
  if (status === 401 || status === 403) return ': correct its credentials';
  if (status === 404) return ': correct its url';
  if (status === 405 || status === 501) return ': it takes no POST; name the address that does, or correct its proxy';
  if (status === 429) return ': it is asked too often; lengthen `interval`';
  return '';
}

function once(question: HttpQuestion, signal: AbortSignal): Promise<Answered> {
  const { url, headers, body, ca } = question;
  const options =
    body === undefined
      ? { method: 'GET', headers, signal }
      : { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, signal };
  return new Promise((resolve, reject) => {
    const answered = (answer: IncomingMessage): void => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) answer.destroy(new Error(`more than ${MOST_BYTES} bytes`));
      });
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: text,
          retryAfter: waitOf(answer.headers['retry-after']),
          date: momentOf(answer.headers.date),
          location: answer.headers.location,
        }),
      );
    };
    const asked = url.startsWith('https:')
      ? requestHttps(url, { ...options, ca }, answered)
      : requestHttp(url, options, answered);
    asked.once('error', reject);
    asked.end(body);
  });
}

function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

function momentOf(header: string | undefined): number | undefined {
  const moment = Date.parse(header ?? '');
  return Number.isFinite(moment) ? moment : undefined;
}

/** Names with several addresses fail with one error for each, and an empty message. */
function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const message = first?.message ?? error.message;
  if (code && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(code))
    return `a certificate that is not trusted (${message}): name its authority in \`ca\``;
  return message || code || error.name;
}
