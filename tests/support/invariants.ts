import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { LABELS } from '../../domain/names';
import type { ReleaseResult } from '../../domain/release';
import { greenShare } from '../../domain/shares';
import { openRouter } from '../../routers/open';
import { openTarget } from '../../targets/open';
import { within } from '../../waiting/within';
import { engine, tracesOf } from './engine';
import type { Traces } from './engine';
import type { LoadReport } from './load';
import { query } from './postgres';
import type { World } from './world';
import { until } from './until';

/** Everything that a release could leave behind. */
export interface Snapshot extends Traces {
  /** Tables and columns of the app, and what `spillway.migrations` says. */
  schema: string[];
  /** Of the target's state, the worker's and its temporary folder. */
  files: string[];
  /** Green's share as the router has it in force. */
  share: number | undefined;
}

/** Looks again after a look that failed, or that something which other releases do as well left without an answer. */
export async function snapshot(world: World): Promise<Snapshot> {
  const look = () => within({ signal: null, limit: LOOK_LIMIT }, (signal) => seenNow(world, signal));
  return until(look, { what: 'everything that a release could leave behind' });
}

/** Milliseconds: a look takes a tenth of a second. */
const LOOK_LIMIT = 60_000;

async function seenNow(world: World, signal: AbortSignal): Promise<Snapshot> {
  return {
    ...(await tracesOf(world.scope, world.options.engine)),
    schema: await schemaOf(world.databaseUrl),
    files: await filesOf(world),
    share: await shareOf(world, signal),
  };
}

/**
 * What of docs/architecture.md's invariants does not hold after a release, in words; empty when all do.
 *
 * @param before what was there when the release began
 */
export async function violations(
  world: World,
  before: Snapshot,
  { status, live }: ReleaseResult,
  load?: LoadReport,
): Promise<string[]> {
  const after = await snapshot(world);
  const found: string[] = [];
  const expect = (holds: boolean, text: string) => holds || found.push(text);

  const { outcome } = status;
  const expected = ['released', 'rolled back', 'refused'];
  expect(expected.includes(outcome ?? ''), `expected one of ${expected.join(', ')}, seen ${outcome}`);
  expect(status.leftovers.length === 0, `leftovers: ${status.leftovers.join('; ')}`);
  const failedUndos = status.undos.filter(({ state }) => state === 'failed');
  expect(failedUndos.length === 0, `failed undos: ${JSON.stringify(failedUndos)}`);

  found.push(...(await ledgerViolations(world, { status, live } as ReleaseResult)));
  if (live) {
    expect(after.share === greenShare(live.slot, 100), `green has ${after.share} %, but ${live.slot} is live`);
    found.push(...(await slotViolations(world, { status, live } as ReleaseResult)));
  }
  if (outcome !== 'released') found.push(...leaks(before, after, status.release.id));
  const strays = after.files.filter((file) => /(^|\/)tmp\/|\.tmp|partial|\/check\//.test(file));
  expect(strays.length === 0, `temporary files: ${strays.join(', ')}`);
  if (load) expect(load.lost === 0, `lost ${load.lost} of ${load.sent} requests: ${load.losses.join('; ')}`);
  return found;
}

/** What is there now and was not before, or the other way round: a release that came to nothing leaves nothing. */
export function leaks(before: Snapshot, after: Snapshot, releaseId: string): string[] {
  const kept = (file: string) =>
    file.includes('/backups/') ||
    file.includes('/reports/') ||
    file.includes(releaseId) ||
    /(^|\/)(live\.json|fence|lock)$/.test(file);
  const parts = ['containers', 'networks', 'images', 'volumes', 'schema', 'files'] as const;
  return parts.flatMap((part) => {
    // What a release remembers for its own undo is of no use to those that follow.
    const useless = (line: string) => part === 'files' && (kept(line) || line.includes('/tags-'));
    const gone = before[part].filter((line) => !after[part].includes(line) && !useless(line));
    const added = after[part].filter((line) => !before[part].includes(line) && !(part === 'files' && kept(line)));
    return [...gone.map((line) => `${part} lost: ${line}`), ...added.map((line) => `${part} left behind: ${line}`)];
  });
}

async function ledgerViolations(world: World, { status, live }: ReleaseResult): Promise<string[]> {
  const found: string[] = [];
  const state = await untilSettled(world);
  const [newest] = state.ledger;
  if (newest?.release.id !== status.release.id) found.push(`the ledger does not begin with ${status.release.id}`);
  if (newest?.outcome !== status.outcome)
    found.push(`the ledger says ${newest?.outcome}, the release ${status.outcome}`);
  if (state.live?.releaseId !== live?.releaseId)
    found.push(`the ledger has ${state.live?.releaseId} live, the release ${live?.releaseId}`);
  if (status.outcome !== 'released' && !newest?.why) found.push(`the ledger does not say why it was ${status.outcome}`);
  return found;
}

// The environment hears of the end of its release a moment after whoever awaited it.
const untilSettled = (world: World) =>
  until(() => world.environment(), { what: 'the environment to settle', is: ({ current }) => current === null });

/** The live slot runs what was judged and nothing else; all others are empty. */
async function slotViolations(world: World, { status, live }: ReleaseResult): Promise<string[]> {
  if (!live) return [];
  const found: string[] = [];
  const docker = engine(world.options.engine);
  const filters = { label: [`${LABELS.app}=${world.scope.app}`] };
  const judgedAt = status.phases.find(({ phase }) => phase === 'smoke')?.startedAt;
  for (const { Names, Labels, State, Id } of await docker.listContainers({ all: true, filters })) {
    const name = Names[0]?.slice(1);
    if (Labels[LABELS.slot] !== live.slot) found.push(`${name} is still in ${Labels[LABELS.slot]}`);
    else if (Labels[LABELS.release] !== live.releaseId) found.push(`${name} is of ${Labels[LABELS.release]}`);
    else if (State !== 'running') found.push(`${name} is ${State}`);
    const created = Date.parse((await docker.getContainer(Id).inspect()).Created);
    if (status.outcome === 'released' && judgedAt !== undefined && created > judgedAt)
      found.push(`${name} was created after it was judged`);
  }
  return found;
}

async function schemaOf(url: string): Promise<string[]> {
  if (!url) return [];
  const columns = await query<{ name: string }>(
    url,
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' ORDER BY 1`,
  );
  const [table] = await query<{ there: string | null }>(url, `SELECT to_regclass('spillway.migrations') AS there`);
  const applied = table?.there
    ? await query<{ name: string }>(url, `SELECT 'applied ' || name AS name FROM spillway.migrations ORDER BY 1`)
    : [];
  return [...columns, ...applied].map(({ name }) => name);
}

async function filesOf(world: World): Promise<string[]> {
  const names = await Promise.all(
    ['state', 'worker', 'tmp'].map(async (folder) => {
      const entries = await readdir(join(world.directory, folder), { recursive: true, withFileTypes: true }).catch(
        () => [],
      );
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  return names
    .flat()
    .map((name) => relative(world.directory, name))
    .sort();
}

async function shareOf(world: World, signal: AbortSignal): Promise<number | undefined> {
  const config = world.config();
  const target = await openTarget(config.target, { variables: process.env });
  try {
    return await openRouter(config.router, target).greenShare(world.scope, { signal, onProgress: () => undefined });
  } finally {
    await target.close();
  }
}
