import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { formatDuration } from '../domain/units';
import { within } from '../waiting/within';
import { excerpt } from './excerpt';
import { httpFailure } from './http-failure';

const TRIES = 3;
/** It doubles with each try. */
const PAUSE_MS = 200;
const MOST_BYTES = 8_000_000;

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
 * Retries after 408, 425, 429, 5xx and broken connections. It follows no redirects, since credentials would go with them.
 * @throws UnreachableFailure without an answer in time; ConfigurationFailure when no later question would be answered
 *   either; the signal's reason when aborted
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
    const failure = error && httpFailure(shownUrl(question.url), error);
    if (failure instanceof ConfigurationFailure) throw failure;
    const pause = answer?.retryAfter ?? PAUSE_MS * 2 ** (tried - 1);
    // A longer wait than the time left would only hide the answer.
    if (tried < TRIES && Date.now() + pause < end) {
      await sleep(pause, undefined, { signal: io.signal });
      continue;
    }
    if (answer) return answer;
    throw failure!;
  }
}

/** Too late, too early, too often. */
const PASSING = [408, 425, 429];

/** 501 says that it will never be otherwise. */
export function mayPass({ status }: HttpAnswer): boolean {
  return PASSING.includes(status) || (status >= 500 && status !== 501);
}

export function statusProblem(url: string, { status, body, location }: HttpAnswer): string {
  const said = body.trim() === '' ? '' : ` (${excerpt(body)})`;
  return `expected status 200 of ${shownUrl(url)}, seen ${status}${said}${redirectOf(url, location) ?? adviceOf(status)}`;
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
  if (status === 414 || status === 431)
    return ': the question is too long for it; shorten the query, or let its proxy pass a POST';
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
        if (text.length > MOST_BYTES) answer.destroy(tooMany());
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

function tooMany(): Error {
  return Object.assign(new Error(`more than ${MOST_BYTES} bytes`), { code: 'TOO_MANY_BYTES' });
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
