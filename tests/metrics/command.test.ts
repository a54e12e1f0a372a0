import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reading } from '../../metrics/metric';
import { until } from '../support/until';
import { io, OF, opened } from './opened';

const directory = mkdtempSync(join(tmpdir(), 'spillway-command-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const FROM = Date.parse('2026-11-21T10:00:00Z');
const WINDOW = { from: FROM, to: FROM + 90_000 };

async function read(settings: Record<string, unknown>, signal = io.signal): Promise<Reading> {
  const more = { projectDirectory: directory };
  const source = await opened({ command: settings, service: 'api' }, { TOKEN: 'hunter2' }, more);
  return source.read(OF, WINDOW, { ...io, signal });
}
/** Answers the ids of the processes that a measurement started in a folder of its own. */
async function runningIn(folder: string): Promise<string[]> {
  const running = async (pid: string) => (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === folder;
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const isThere = await Promise.all(all.map(running));
  return all.filter((_, index) => isThere[index]);
}
const ownFolder = () => mkdtempSync(join(directory, 'own-'));
const isEmpty = (running: string[]) => running.length === 0;

const shell = (script: string, more: Record<string, unknown> = {}) => read({ run: ['sh', '-c', script], ...more });

test.each([
  ['echo 12.5', 12.5],
  ['echo "  -3e2 "', -300],
  ['echo \'{"value": 7}\'', 7],
])('a program that prints a number (%s) has measured it', async (script, value) => {
  expect(await shell(script)).toMatchObject({ value });
});

test('a program may print counts', async () => {
  const reading = await shell('echo \'{"bad": 1, "total": 9}\'', { answers: 'counts' });
  expect(reading).toEqual({ bad: 1, total: 9 });
});

test('a program learns whose measurement is wanted, and its secrets, from its environment', async () => {
  const env = { TOKEN: { env: 'TOKEN' }, PLAIN: 'x' };
  const names = '$APP $ENVIRONMENT $SERVICE $SLOT $VERSION $RELEASE $FROM $TO $WINDOW_SECONDS $TOKEN $PLAIN';
  await shell(`echo "${names}" > told; echo 1`, { env });
  const { readFileSync } = await import('node:fs');
  expect(readFileSync(join(directory, 'told'), 'utf8').trim()).toBe(
    'shop production api blue 1.2.3 20261121-101500-1.2.3-k3v9 2026-11-21T10:00:00.000Z 2026-11-21T10:01:30.000Z 90 hunter2 x',
  );
});

test('words are not read by a shell', async () => {
  expect(await read({ run: ['printf', '%s', '$SLOT; echo 5'] })).toMatchObject({
    missing: expect.stringContaining('seen $SLOT; echo 5') as string,
  });
});

test('a path is relative to the configuration, or to `cwd`', async () => {
  writeFileSync(join(directory, 'measure.sh'), '#!/bin/sh\necho 4\n', { mode: 0o755 });
  expect(await read({ run: ['./measure.sh'] })).toMatchObject({ value: 4 });
  expect(await read({ run: ['./measure.sh'], cwd: 'nowhere' })).toMatchObject({ fault: true });
});

describe('a reading is missing, with the reason, when a program', () => {
  test.each([
    ['prints nothing', 'true', /expected a number.* as the output of sh, seen nothing/, true],
    ['prints words', 'echo lots', /seen lots/, true],
    ['prints NaN', 'echo NaN', /seen NaN/, true],
    ['prints several numbers', 'echo 1; echo 2', /seen 1 2/, true],
    ['fails', 'echo no such queue >&2; exit 3', /expected sh to end with exit code 0, seen 3 \(no such queue\)/, false],
    ['is killed', 'kill -9 $$', /seen that it was killed/, false],
  ])('%s', async (_, script, reason, fault) => {
    expect(await shell(script)).toMatchObject({ missing: expect.stringMatching(reason) as string, fault });
  });

  test('is not there', async () => {
    expect(await read({ run: ['no-such-program'] })).toMatchObject({
      missing: expect.stringMatching(
        /expected the program "no-such-program" on the worker’s machine .*seen ENOENT: install it/,
      ) as string,
      fault: true,
    });
    expect(await read({ run: ['no-such-program'] })).not.toHaveProperty('unreachable');
  });

  test('takes too long, and then neither it nor what it started goes on', async () => {
    const cwd = ownFolder();
    const reading = await shell('(sleep 600; true) & sleep 600; true', { cwd, timeout: '300ms' });
    expect(reading).toMatchObject({ missing: 'expected sh to end within 300 ms, it was killed', fault: true });
    await until(() => runningIn(cwd), { what: 'all that it started to end', is: isEmpty });
  });

  test('leaves something behind that keeps its output open', async () => {
    const reading = await shell('setsid sleep 20 & echo 1', { timeout: '500ms' });
    expect(reading).toMatchObject({ fault: true });
  });
});

test('an abort kills the program and is no missing reading', async () => {
  const controller = new AbortController();
  const cwd = ownFolder();
  const stopped = expect(read({ run: ['sleep', '600'], cwd }, controller.signal)).rejects.toThrow('stopped');
  await until(async () => (await runningIn(cwd)).length > 0);
  controller.abort(new Error('stopped'));
  await stopped;
  await until(() => runningIn(cwd), { what: 'the program to end', is: isEmpty });
});
