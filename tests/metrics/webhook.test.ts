import type { Reading } from '../../metrics/metric';
import { breaks, hangs, says, startServer, type HttpServer } from './http-server';
import { io, OF, opened } from './opened';

const FROM = Date.parse('2026-11-21T10:00:00Z');
const WINDOW = { from: FROM, to: FROM + 90_000 };

let server: HttpServer;
afterEach(() => server.close());

async function read(more: Record<string, unknown> = {}, signal = io.signal): Promise<Reading> {
  const source = await opened({ webhook: { url: server.url, ...more }, service: 'api' }, { TOKEN: 'tok-hunter2' });
  return source.read(OF, WINDOW, { ...io, signal });
}

test('a webhook is told whose measurement is wanted and answers a value', async () => {
  server = await startServer(says({ value: 12.5 }));
  expect(await read({ headers: { Authorization: { env: 'TOKEN' }, 'X-Team': 'shop' } })).toMatchObject({ value: 12.5 });
  const [{ headers, body }] = server.asked as [(typeof server.asked)[number]];
  expect(headers).toMatchObject({ authorization: 'tok-hunter2', 'x-team': 'shop', 'content-type': 'application/json' });
  expect(JSON.parse(body)).toEqual({
    metric: 'm',
    app: 'shop',
    environment: 'production',
    service: 'api',
    slot: 'blue',
    version: '1.2.3',
    release: '20261121-101500-1.2.3-k3v9',
    from: '2026-11-21T10:00:00.000Z',
    to: '2026-11-21T10:01:30.000Z',
  });
});

test('a webhook may answer counts', async () => {
  server = await startServer(says({ bad: 3, total: 200 }));
  expect(await read({ answers: 'counts' })).toEqual({ bad: 3, total: 200 });
});

test('what a webhook says of a mistake is cut between words, never inside of the token that it repeats', async () => {
  server = await startServer(says(`${'no entry '.repeat(21)}for tok-hunter2, says the door`, 403));
  const missing = await read({ headers: { Authorization: { env: 'TOKEN' } } });
  expect(missing).toMatchObject({ missing: expect.stringContaining('no entry for …') as string });
});

test('a webhook that has no value now says null, and nothing is wrong with it', async () => {
  server = await startServer(says({ value: null }));
  expect(await read()).toMatchObject({
    missing: expect.stringMatching(/is null: it has no value now/) as string,
    fault: false,
  });
});

describe('a webhook is asked again', () => {
  test.each([
    ['429 that says when', says('slow down', 429, { 'retry-after': '0' })],
    ['429 that says when by a date', says('slow down', 429, { 'retry-after': new Date(0).toUTCString() })],
    ['500', says('oops', 500)],
    ['408', says('too late', 408)],
    ['a connection that broke', breaks],
  ])('after %s', async (_, answer) => {
    server = await startServer(answer, says({ value: 1 }));
    expect(await read()).toMatchObject({ value: 1 });
    expect(server.asked).toHaveLength(2);
  });

  test('but three times at most', async () => {
    server = await startServer(says('oops', 503));
    expect(await read()).toMatchObject({
      missing: expect.stringMatching(/expected status 200 of .*, seen 503 \(oops\)/) as string,
      fault: true,
      unreachable: true,
    });
    expect(server.asked).toHaveLength(3);
  });

  test('but not later than its time allows', async () => {
    server = await startServer(says('later', 429, { 'retry-after': '60' }));
    expect(await read()).toMatchObject({
      missing: expect.stringContaining('seen 429 (later): it is asked too often') as string,
      unreachable: true,
    });
    expect(server.asked).toHaveLength(1);
  });
});

describe('a webhook is asked once, and the configuration is to be corrected, when it', () => {
  test.each<[string, Parameters<typeof startServer>[0], RegExp]>([
    ['refuses', says('who are you?', 401), /correct its credentials/],
    ['takes no POST', says('', 405), /it takes no POST/],
    ['is not finished', says('', 501), /it takes no POST/],
    ['answers more than anybody could judge', says('x'.repeat(9_000_000)), /: ask for less/],
  ])('%s [proves V]', async (_, answer, reason) => {
    server = await startServer(answer);
    const reading = await read();
    expect(reading).toMatchObject({ missing: expect.stringMatching(reason) as string, fault: true });
    expect(reading).not.toHaveProperty('unreachable');
    expect(server.asked).toHaveLength(1);
  });

  test('speaks no TLS [proves V]', async () => {
    server = await startServer(says({ value: 1 }));
    const reading = await read({ url: server.url.replace('http:', 'https:') });
    expect(reading).toMatchObject({ missing: expect.stringMatching(/: it speaks no TLS; correct its url/) as string });
    expect(reading).not.toHaveProperty('unreachable');
  });

  test('would get a header that cannot be sent [proves V]', async () => {
    server = await startServer(says({ value: 1 }));
    const reading = await read({ headers: { 'X-Key': 'hunter2\n' } });
    expect(reading).toMatchObject({ missing: expect.stringMatching(/"X-Key".*: correct this header/) as string });
    expect(reading).not.toHaveProperty('unreachable');
    expect(JSON.stringify(reading)).not.toContain('hunter2');
    expect(server.asked).toHaveLength(0);
  });
});

describe('a reading is missing, with the reason, when a webhook', () => {
  test.each<[string, Parameters<typeof startServer>[0], RegExp]>([
    ['never answers', hangs, /expected an answer of .*, seen none within 300 ms/],
    ['sends headers only', (answer) => void answer.writeHead(200).flushHeaders(), /seen none within 300 ms/],
    ['answers nothing', says(''), /expected a number.*seen nothing/],
    ['answers a page', says('<html>Sign in</html>'), /seen <html>Sign in<\/html>/],
    ['answers a text', says({ value: '12' }), /seen \{"value":"12"\}/],
    ['answers a number that is too large', says('1e999'), /seen 1e999/],
    ['answers a list', says('[1, 2]'), /seen \[1, 2\]/],
    ['leads elsewhere', says('', 302, { location: 'http://127.0.0.1:1/' }), /seen 302/],
    ['refuses', says('who are you?', 401), /seen 401 \(who are you\?\): correct its credentials/],
    ['does not know the address', says('', 404), /seen 404: correct its url/],
    ['sends very much', says('x'.repeat(9_000_000)), /seen more than 8000000 bytes/],
  ])('%s', async (_, answer, reason) => {
    server = await startServer(answer);
    const timeout = reason.source.includes('300 ms') ? '300ms' : '5s';
    expect(await read({ timeout })).toMatchObject({ missing: expect.stringMatching(reason) as string, fault: true });
  });

  test.each([
    [{ bad: 3, total: 2 }],
    [{ bad: -1, total: 2 }],
    [{ bad: 0.5, total: 2 }],
    [{ total: 2 }],
    [{ value: 2 }],
  ])('answers %j in place of counts', async (answer) => {
    server = await startServer(says(answer));
    expect(await read({ answers: 'counts' })).toMatchObject({
      missing: expect.stringContaining('expected {"bad": number, "total": number}') as string,
    });
  });
});

test('an abort ends the question at once and is no missing reading', async () => {
  server = await startServer(hangs);
  const controller = new AbortController();
  const reading = read({}, controller.signal);
  setTimeout(() => controller.abort(new Error('stopped')), 50);
  await expect(reading).rejects.toThrow('stopped');
});

test('a value whose webhook does not say when it was measured is marked as guessed, others tell [proves Q]', async () => {
  const at = '2026-11-21T10:01:12Z';
  server = await startServer(
    says('7'),
    says({ value: 8 }),
    says({ value: 8, measured: at }),
    says({ value: 8, measured: 5 }),
  );
  const source = await opened({ webhook: { url: server.url } });
  const read = () => source.read(OF, { from: FROM, to: FROM + 1_000 }, io);
  const moment = Date.parse(at);
  expect(await read()).toEqual({ value: 7, guessed: true });
  expect(await read()).toEqual({ value: 8, guessed: true });
  expect(await read()).toEqual({ value: 8, measured: { from: moment, to: moment } });
  expect(await read()).toMatchObject({
    missing: expect.stringMatching(/expected `measured` as a moment such as .*, seen 5/) as string,
  });
});
