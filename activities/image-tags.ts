import type { Io } from '../domain/host';
import type { OpenTarget } from '../targets/open';
import { environmentDirectory } from './environment-directory';
import type { BuildReport, Step } from './steps';

/** Tags that a release moves or makes, with what each stood for before. */
export type Tags = BuildReport['tags'];

/** File on the host with the tags of a release; written before the first one moves, so that the undo of a step that died finds it. */
export function tagsPath(step: Pick<Step, 'config' | 'release'>): string {
  return `${environmentDirectory(step)}/tags-${step.release.id}.json`;
}

/** Undefined when the release moved none, or has put them back. */
export async function readTags(step: Step, target: OpenTarget, io: Io): Promise<Tags | undefined> {
  const text = await target.host.readFile(tagsPath(step), io);
  return text === undefined ? undefined : (JSON.parse(text) as Tags);
}

/** What these tags stand for now, written down; an earlier attempt's notes hold, for it may have moved some already. */
export async function noteTags(references: string[], step: Step, target: OpenTarget, io: Io): Promise<Tags> {
  const noted = await readTags(step, target, io);
  if (noted) return noted;
  const tags: Tags = [];
  for (const reference of references) {
    const present = await target.images.inspect(reference, '', io);
    tags.push({ reference, previous: present?.image.digest ?? null });
  }
  await forgetEarlier(step, target, io);
  await target.host.writeFile(tagsPath(step), `${JSON.stringify(tags)}\n`, io);
  return tags;
}

export async function forgetTags(step: Step, target: OpenTarget, io: Io): Promise<void> {
  await target.host.removeFile(tagsPath(step), io);
}

/** Earlier releases have ended: one at a time. */
async function forgetEarlier(step: Step, target: OpenTarget, io: Io): Promise<void> {
  const directory = environmentDirectory(step);
  for (const name of await target.host.listFiles(directory, io)) {
    if (/^tags-.+\.json$/.test(name)) await target.host.removeFile(`${directory}/${name}`, io);
  }
}
