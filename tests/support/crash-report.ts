import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What bench/crash.json says. */
export interface CrashReport {
  points: number;
  survived: number;
  /** At all crash points and faults: requests lost although somebody was there to answer them. */
  lostRequests: number;
  leaks: number;
  /** The part of `lostRequests` that the crash points had. */
  lostAtPoints: number;
  /** What came of restarting something else than the worker. */
  byFault: Record<string, FaultReport>;
}

export interface FaultReport {
  survived: boolean;
  lostRequests: number;
  /** Lost while nobody listened: what a kill of the only router costs, whoever releases. */
  lostWhileDown?: number;
  seconds: number;
}

const FILE = join(__dirname, '../../bench/crash.json');
const NOTHING: CrashReport = { points: 0, survived: 0, lostRequests: 0, leaks: 0, lostAtPoints: 0, byFault: {} };

/** Changes bench/crash.json, which several tests write. */
export async function report(change: (report: CrashReport) => CrashReport): Promise<void> {
  const text = await readFile(FILE, 'utf8').catch(() => undefined);
  const after = change(text ? { ...NOTHING, ...(JSON.parse(text) as CrashReport) } : NOTHING);
  const faults = Object.values(after.byFault).reduce((sum, { lostRequests }) => sum + lostRequests, 0);
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify({ ...after, lostRequests: after.lostAtPoints + faults }, null, 2)}\n`);
}
