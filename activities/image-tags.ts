import type { Io } from '../domain/host';
import type { Documents } from '../state/state';
import type { OpenParts } from './io';
import type { BuildReport, Step } from './steps';

/** Tags that a release moves or makes, with what each stood for before. */
export type Tags = BuildReport['tags'];

type Place = Pick<OpenParts, 'target' | 'state' | 'io'>;

/** The tags of a release, written down before the first one moves, so that the undo of a step that died finds them. */
export function tagsDocument({ release }: Pick<Step, 'release'>): string {
  return `tags-${release.id}.json`;
}

/** Undefined when the release moved none, or has put them back. */
export async function readTags(step: Step, { state, io }: Omit<Place, 'target'>): Promise<Tags | undefined> {
  const text = await state.documents.read(tagsDocument(step), io);
  return text === undefined ? undefined : (JSON.parse(text) as Tags);
}

/** What these tags stand for now, written down; an earlier attempt's notes hold, for it may have moved some already. */
export async function noteTags(references: string[], step: Step, place: Place): Promise<Tags> {
  const noted = await readTags(step, place);
  if (noted) return noted;
  const { target, state, io } = place;
  const tags: Tags = [];
  for (const reference of references) {
    const present = await target.images.inspect(reference, '', io);
    tags.push({ reference, previous: present?.image.digest ?? null });
  }
  await forgetEarlier(state.documents, io);
  await state.documents.write(tagsDocument(step), `${JSON.stringify(tags)}\n`, io);
  return tags;
}

export async function forgetTags(step: Step, { state, io }: Omit<Place, 'target'>): Promise<void> {
  await state.documents.remove(tagsDocument(step), io);
}

/** Earlier releases have ended: one at a time. */
async function forgetEarlier(documents: Documents, io: Io): Promise<void> {
  for (const name of await documents.list('', io)) {
    if (/^tags-.+\.json$/.test(name)) await documents.remove(name, io);
  }
}
