import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What bench/crash.json says. */
export interface CrashReport {
  points: number;
  survived: number;
  lostRequests: number;
  leaks: number;
  /** What came of restarting something else than the worker. */
  byFault: Record<string, { survived: boolean; lostRequests: number; seconds: number }>;
}

const FILE = join(__dirname, '../../bench/crash.json');
const NOTHING: CrashReport = { points: 0, survived: 0, lostRequests: 0, leaks: 0, byFault: {} };

/** Changes bench/crash.json, which several tests write. */
export async function report(change: (report: CrashReport) => CrashReport): Promise<void> {
  const text = await readFile(FILE, 'utf8').catch(() => undefined);
  const before = text ? (JSON.parse(text) as CrashReport) : NOTHING;
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify(change(before), null, 2)}\n`);
}
