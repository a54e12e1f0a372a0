import { ConfigurationFailure } from '../domain/failures';
import type { Host, Io } from '../domain/host';
import type { LedgerEntry } from '../domain/release';
import { environmentDirectory } from './environment-directory';
import { isSpokenForByAnother } from './ownership';
import { fencePath, withIo, withOpen } from './io';
import type { Parts } from './parts';
import type { Activities, Step } from './steps';

/** An answer must stay far below the 2 MB that Temporal takes. */
const LONGEST_ANSWER = 1_000_000;

type LedgerOwner = Parameters<typeof environmentDirectory>[0];

/** What an environment remembers, kept on the target so that it outlives Temporal. */
export const ledgerActivities = (parts: Parts): Pick<Activities, 'recordEntry' | 'readLedger'> => ({
  recordEntry: (input) =>
    withOpen(parts, input, async ({ target, io }) => {
      const { entry } = input;
      const { host } = target;
      // What another Temporal releases to keeps that one's ledger: what was refused here is remembered here alone.
      if (await isSpokenForByAnother(parts, input, target, io)) return;
      await host.writeFile(entryPath(input, entry.release.id), pretty(entry), io);
      // A release that was refused in preflight never held the environment: it says nothing of what is live.
      if (!(await holds(host, input, io))) return;
      const live = { live: entry.live, release: entry.release.id, endedAt: entry.endedAt };
      await host.writeFile(`${environmentDirectory(input)}/live.json`, pretty(live), io);
    }),

  readLedger: ({ scope, config, before, limit }) =>
    withIo(async (io) => {
      const { host } = await parts.target(config);
      const directory = ledgerDirectory({ config, release: scope });
      const ids = [...(await listReleases(host, { config, release: scope }, io))]
        .filter((id) => before === undefined || id < before)
        // Ids begin with their time.
        .sort()
        .reverse();
      return readEntries(host, directory, ids.slice(0, Math.max(0, limit)), io);
    }),
});

/** What the durable ledger knows of a release; undefined when it knows nothing. */
export async function findEntry(
  host: Host,
  step: Pick<Step, 'config' | 'release'>,
  id: string,
  io: Io,
): Promise<LedgerEntry | undefined> {
  const path = entryPath(step, id);
  const text = await host.readFile(path, io);
  return text === undefined ? undefined : parse(path, text);
}

/** Ids of all releases that the durable ledger of an environment knows. */
export async function listReleases(host: Host, environment: LedgerOwner, io: Io): Promise<ReadonlySet<string>> {
  const names = await host.listFiles(ledgerDirectory(environment), io);
  return new Set(names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)));
}

function ledgerDirectory(environment: LedgerOwner): string {
  return `${environmentDirectory(environment)}/ledger`;
}

function entryPath(environment: LedgerOwner, id: string): string {
  return `${ledgerDirectory(environment)}/${id}.json`;
}

/** Whether this release has the environment, or reconcile has it in its place. */
async function holds(host: Host, step: Step, io: Io): Promise<boolean> {
  const holder = (await host.readFile(fencePath(step), io))?.trim();
  return holder === step.release.id || holder === reconcileId(step.release.id);
}

/** In whose name reconcile takes an environment from a release that was terminated. */
export function reconcileId(releaseId: string): string {
  return `reconcile-${releaseId.replace(/^reconcile-/, '')}`;
}

/** Fewer than asked for when they would be too large for one answer; at least one, so that paging goes on. */
async function readEntries(host: Host, directory: string, ids: string[], io: Io): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  let length = 0;
  for (const id of ids) {
    const path = `${directory}/${id}.json`;
    const text = await host.readFile(path, io);
    if (text === undefined) continue;
    length += text.length;
    if (entries.length > 0 && length > LONGEST_ANSWER) break;
    entries.push(parse(path, text));
  }
  return entries;
}

function parse(path: string, text: string): LedgerEntry {
  try {
    return JSON.parse(text) as LedgerEntry;
  } catch {
    throw new ConfigurationFailure(
      `Expected ${path} on the target to hold a ledger entry as JSON, seen something else: somebody changed it; ` +
        'put it right, or move it away',
    );
  }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
