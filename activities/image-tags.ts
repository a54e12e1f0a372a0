import type { Io } from '../domain/host';
import type { Documents } from '../state/state';
import type { OpenParts } from './io';
import type { BuildReport, Step } from './steps';

type Tags = BuildReport['tags'];

type Place = Pick<OpenParts, 'target' | 'state' | 'io'>;

/** Tags are written down before the first one moves, so that the undo of a step that died finds them. */
export function tagsDocument({ release }: Pick<Step, 'release'>): string {
  return `tags-${release.id}.json`;
}

/** Answers undefined when the release moved no tags, or has put them back. */
export async function readTags(step: Step, { state, io }: Omit<Place, 'target'>): Promise<Tags | undefined> {
  const text = await state.documents.read(tagsDocument(step), io);
  return text === undefined ? undefined : (JSON.parse(text) as Tags);
}

/** An earlier attempt's notes stay, because it may have moved some tags already. */
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

/** Only one release runs at a time, so the earlier ones have ended. */
async function forgetEarlier(documents: Documents, io: Io): Promise<void> {
  for (const name of await documents.list('', io)) {
    if (/^tags-.+\.json$/.test(name)) await documents.remove(name, io);
  }
}
