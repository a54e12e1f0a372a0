import type { ChildProcess } from 'node:child_process';
import { until } from './until';

/** Waits until a process has printed this; fails when it ends without. Who started it ends one that hangs. */
export async function untilPrinted(child: ChildProcess, printed: () => string, text: string | RegExp): Promise<void> {
  const has = (): boolean => (typeof text === 'string' ? printed().includes(text) : text.test(printed()));
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await until(() => has() || isOver(), { every: 25, limit: Infinity });
  if (!has()) throw new Error(`expected ${String(text)}, it ended with ${child.exitCode}: ${printed()}`);
}
