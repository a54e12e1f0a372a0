import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from '../../starters/dev/child';
import { keepRunning, type Kept } from '../../starters/dev/keep-running';
import { until } from '../support/until';

let kept: Kept | undefined;
afterEach(() => kept?.stop(true));

const shell = (script: string): Child => startChild(['sh', '-c', script], { stdio: 'ignore', stopTimeout: 500 });

const isAlive = (child: Child): boolean => !child.hasEnded();

/** Starts `scripts`, one after the other, the last of them for ever; `started` grows as they are started. */
function keep(scripts: string[], isHopeless?: (ending: { code: number | null }) => Error | undefined) {
  const started: Child[] = [];
  const said: string[] = [];
  let came: () => void = () => undefined;
  const start = () => {
    const child = shell(scripts[Math.min(started.length, scripts.length - 1)] ?? '');
    started.push(child);
    came();
    return Promise.resolve(child);
  };
  const count = (wanted: number) =>
    new Promise<void>((resolve) => {
      came = () => started.length >= wanted && resolve();
      came();
    });
  void start();
  kept = keepRunning(started[0]!, { name: 'it', start, onRestart: (detail) => said.push(detail), isHopeless });
  return { started, said, count, kept };
}

test('what ends is started again, and it is said how it ended', async () => {
  const { started, said, count } = keep(['exit 3', 'kill -9 $$', 'sleep 60']);
  await count(3);
  expect(said).toEqual([
    'it ended (exit code 3); it is started again in 0.5 s',
    'it ended (killed by SIGKILL); it is started again in 1 s',
  ]);
  expect(isAlive(started[2]!)).toBe(true);
});

test('stopping ends the one that runs, and no other is started', async () => {
  const { started, kept } = keep(['sleep 60']);
  await kept.stop();
  expect(started.map(isAlive)).toEqual([false]);
});

test('one that does not listen is ended without asking', async () => {
  const ready = join(tmpdir(), `spillway-${randomUUID()}`);
  const { started, kept } = keep([`trap "" TERM; : > ${ready}; sleep 60 & wait; wait`]);
  // Before its trap is set it does listen.
  await until(() => existsSync(ready), { what: 'its trap to be set', every: 10 });
  await rm(ready);
  await kept.stop();
  expect(await started[0]!.ended).toEqual({ code: null, signal: 'SIGKILL' });
});

test('stopping during the pause starts nothing', async () => {
  const { started, kept } = keep(['exit 1']);
  await started[0]!.ended;
  await kept.stop();
  expect(started).toHaveLength(1);
});

test('a program that cannot be started counts as ended', async () => {
  const child = startChild(['/no/such/program'], { stdio: 'ignore', outlive: true, stopTimeout: 500 });
  expect(await child.ended).toEqual({ code: 127, signal: null });
  expect(child.hasEnded()).toBe(true);
});

test('without hope it is not started again', async () => {
  const { started, kept } = keep(['exit 64'], ({ code }) => (code === 64 ? new Error('refused') : undefined));
  await expect(kept.failed).rejects.toThrow('refused');
  expect(started).toHaveLength(1);
});
