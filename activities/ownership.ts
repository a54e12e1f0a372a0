import { createHash } from 'node:crypto';
import { ConfigurationFailure, PreflightFailure, UnreachableFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { judgeOwnership, type EnvironmentDocument, type Owned, type Owner, type Seen } from '../domain/ownership';
import type { ReleaseRef } from '../domain/release';
import type { Documents } from '../state/state';
import type { Wanted } from '../targets/target';
import type { OpenParts } from './io';
import type { Parts } from './parts';
import type { Step } from './steps';

type Place = Pick<OpenParts, 'target' | 'state' | 'io'>;

const DOCUMENT = 'environment.json';

export async function lookAtOwnership(
  parts: Pick<Parts, 'owner'>,
  { release }: Pick<Step, 'release'>,
  wanted: Wanted[],
  { target, state, io }: Place,
): Promise<Seen> {
  const [document, claims] = await Promise.all([readDocument(state.documents, io), target.claims(release, wanted, io)]);
  return { scope: release, document, claims, temporal: parts.owner };
}

export async function findOwn(
  parts: Pick<Parts, 'owner'>,
  { release }: Pick<Step, 'release'>,
  { target, state, io }: Place,
): Promise<(Owned<ReleaseRef> & { isNew: boolean }) | { problem: string }> {
  const document = await readDocument(state.documents, io);
  const claims = document ? [] : await target.claims(release, [], io);
  const found = judgeOwnership({ scope: release, document, claims, temporal: parts.owner }, newId(release));
  return 'problem' in found ? found : { ...release, owner: found.owner, isNew: document === undefined };
}

/** @throws PreflightFailure when the environment belongs to another Temporal. */
export async function ownRelease(
  parts: Pick<Parts, 'owner'>,
  step: Pick<Step, 'release'>,
  place: Place,
): Promise<Owned<ReleaseRef>> {
  const found = await findOwn(parts, step, place);
  if ('problem' in found) throw new PreflightFailure(found.problem);
  const { isNew, ...release } = found;
  if (isNew) await writeDocument({ owner: release.owner, temporal: parts.owner }, place.state.documents, place.io);
  return release;
}

/** Every attempt gets the same id, also one of a frozen worker. */
export function newId({ app, environment, id }: ReleaseRef): string {
  return createHash('sha256').update([app, environment, id].join('\0')).digest('hex').slice(0, 32);
}

interface Note {
  owner: Owner;
  /** Address and namespace. */
  temporal: string;
  adopted?: EnvironmentDocument;
}

/** @throws UnreachableFailure when somebody took the environment meanwhile, because an id never changes. */
export async function writeDocument(note: Note, documents: Documents, io: Io): Promise<void> {
  const { owner, temporal, adopted } = note;
  const { id, formerly } = owner;
  const seen = await documents.read(DOCUMENT, io);
  const known = parsed(seen, documents);
  if (known?.id === id && known.temporal === temporal) return;
  const place = documents.placeOf(DOCUMENT);
  if (known && !(known.id === id && known.temporal === adopted?.temporal && known.since === adopted.since)) {
    throw new UnreachableFailure(
      `expected environment ${id} of ${temporal} in ${place}, seen that ${known.temporal} has taken it ` +
        `meanwhile as ${known.id}: try again`,
    );
  }
  const document: EnvironmentDocument = { id, formerly, temporal, since: new Date().toISOString() };
  const isWritten = await documents.replace(DOCUMENT, { seen, by: `${JSON.stringify(document, null, 2)}\n` }, io);
  // Another attempt of the same release may have written this very document.
  if (!isWritten) await writeDocument(note, documents, io);
}

export async function isSpokenForByAnother(
  parts: Pick<Parts, 'owner'>,
  documents: Documents,
  io: Io,
): Promise<boolean> {
  const document = await readDocument(documents, io);
  return document !== undefined && document.temporal !== parts.owner;
}

async function readDocument(documents: Documents, io: Io): Promise<EnvironmentDocument | undefined> {
  return parsed(await documents.read(DOCUMENT, io), documents);
}

function parsed(text: string | undefined, documents: Documents): EnvironmentDocument | undefined {
  if (text === undefined) return undefined;
  const document = whole(text);
  if (document) return document;
  throw new ConfigurationFailure(
    `expected ${documents.placeOf(DOCUMENT)} on the target to say which environment it is (id, temporal, formerly), seen something else: ` +
      'somebody changed it; put it right, or move it away and run `spillway adopt`',
  );
}

function whole(text: string): EnvironmentDocument | undefined {
  try {
    const { id, temporal, formerly, since } = JSON.parse(text) as Partial<EnvironmentDocument>;
    const isWhole = typeof id === 'string' && typeof temporal === 'string' && Array.isArray(formerly);
    return isWhole ? { id, temporal, formerly, since: since ?? '' } : undefined;
  } catch {
    return undefined;
  }
}
