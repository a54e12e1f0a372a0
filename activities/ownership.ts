import { createHash } from 'node:crypto';
import { ConfigurationFailure, PreflightFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { judgeOwnership, type EnvironmentDocument, type Owned, type Owner, type Seen } from '../domain/ownership';
import type { ReleaseRef } from '../domain/release';
import type { OpenTarget } from '../targets/open';
import type { Wanted } from '../targets/target';
import { environmentDirectory } from './environment-directory';
import type { Parts } from './parts';
import type { Step } from './steps';

/* Whose an environment is: its document stands beside its ledger, its id in the labels of all that belongs to it. */

type Where = Pick<Step, 'config' | 'release'>;

/** File on the host in which an environment keeps its id, and which Temporal releases there. */
export function documentPath(step: Where): string {
  return `${environmentDirectory(step)}/environment.json`;
}

/** All that says whose an environment is. */
export async function lookAtOwnership(
  parts: Pick<Parts, 'owner'>,
  step: Where,
  wanted: Wanted[],
  target: OpenTarget,
  io: Io,
): Promise<Seen> {
  const [document, claims] = await Promise.all([
    readDocument(step, target, io),
    target.claims(step.release, wanted, io),
  ]);
  return { scope: step.release, document, claims, temporal: parts.owner };
}

/** The release, with what its environment knows its own by, or why it is not this Temporal's; changes nothing. */
export async function findOwn(
  parts: Pick<Parts, 'owner'>,
  step: Where,
  target: OpenTarget,
  io: Io,
): Promise<(Owned<ReleaseRef> & { isNew: boolean }) | { problem: string }> {
  const document = await readDocument(step, target, io);
  const claims = document ? [] : await target.claims(step.release, [], io);
  const seen = { scope: step.release, document, claims, temporal: parts.owner };
  const found = judgeOwnership(seen, newId(step.release));
  return 'problem' in found ? found : { ...step.release, owner: found.owner, isNew: document === undefined };
}

/**
 * The same for a step that is about to change something. A release that an older worker began has no document yet.
 *
 * @throws PreflightFailure when the environment belongs to another Temporal.
 */
export async function ownRelease(
  parts: Pick<Parts, 'owner'>,
  step: Where,
  target: OpenTarget,
  io: Io,
): Promise<Owned<ReleaseRef>> {
  const found = await findOwn(parts, step, target, io);
  if ('problem' in found) throw new PreflightFailure(found.problem);
  const { isNew, ...release } = found;
  if (isNew) await writeDocument(step, release.owner, parts.owner, target, io);
  return release;
}

/** The id of an environment that this release is the first to take: the same for every attempt, also of a frozen worker. */
export function newId({ app, environment, id }: ReleaseRef): string {
  return createHash('sha256').update([app, environment, id].join('\0')).digest('hex').slice(0, 32);
}

/**
 * Notes that this Temporal releases here; what it says already stays as it is.
 * @param adopts another Temporal may have done so before
 * @throws UnreachableFailure when somebody took it meanwhile: an id never changes.
 */
export async function writeDocument(
  step: Where,
  { id, formerly }: Owner,
  temporal: string,
  target: OpenTarget,
  io: Io,
  adopts = false,
): Promise<void> {
  const known = await readDocument(step, target, io);
  if (known?.id === id && known.temporal === temporal) return;
  if (known && !(adopts && known.id === id)) {
    throw new UnreachableFailure(
      `expected environment ${id} of ${temporal} in ${documentPath(step)}, seen that ${known.temporal} has taken it ` +
        `meanwhile as ${known.id}: try again`,
    );
  }
  const document: EnvironmentDocument = { id, formerly, temporal, since: new Date().toISOString() };
  await target.host.writeFile(documentPath(step), `${JSON.stringify(document, null, 2)}\n`, io);
}

/** Whether another Temporal releases here. */
export async function isSpokenForByAnother(
  parts: Pick<Parts, 'owner'>,
  step: Where,
  target: OpenTarget,
  io: Io,
): Promise<boolean> {
  const document = await readDocument(step, target, io);
  return document !== undefined && document.temporal !== parts.owner;
}

async function readDocument(step: Where, target: OpenTarget, io: Io): Promise<EnvironmentDocument | undefined> {
  const path = documentPath(step);
  const text = await target.host.readFile(path, io);
  if (text === undefined) return undefined;
  const document = parsed(text);
  if (document) return document;
  throw new ConfigurationFailure(
    `expected ${path} on the target to say which environment it is (id, temporal, formerly), seen something else: ` +
      'somebody changed it; put it right, or move it away and run `spillway adopt`',
  );
}

function parsed(text: string): EnvironmentDocument | undefined {
  try {
    const { id, temporal, formerly, since } = JSON.parse(text) as Partial<EnvironmentDocument>;
    const isWhole = typeof id === 'string' && typeof temporal === 'string' && Array.isArray(formerly);
    return isWhole ? { id, temporal, formerly, since: since ?? '' } : undefined;
  } catch {
    return undefined;
  }
}
