import { ComposeText } from '../compose/text';
import { isOfOthers, repositoryOf } from '../outside/images';
import type { Ask } from '../questions';
import type { Mapper, Released } from './context';

/** The image, with `{version}` where the version of the app stands; undefined when its build gives it a name. */
export function imageOf({ service, name }: Released, mapper: Mapper, ask: Ask): string | undefined {
  const { build } = service;
  if (!service.image) return undefined;
  const image = withNames(service.image);
  const { text } = image;
  const end = tagStart(text);
  const repository = text.slice(0, end);
  // A tag that has no value is the version.
  const { missing } = image.slice(0, end);
  if (missing.length > 0)
    ask('image', `${missing.join(', ')} had no value in .env or the shell: write it where its name stands now`, {
      importance: 'decide',
    });
  if (text.includes('@')) return text;
  if (build) return isTaken(repository, name, mapper) ? undefined : `${repository}:{version}`;
  const tag = tagOf(image);
  if (isVersionOfOthers(text, tag, mapper)) {
    ask(
      'image',
      'the versions of {items} are not those of the app, so they stay as they are until somebody changes them here',
      { items: [text] },
    );
    return text;
  }
  const withVersion = tagWithVersion(tag);
  if (!isVariable(tag) && image.variable === undefined)
    ask('image', 'the tag was {items}: is the version of the app all of it?', {
      items: [tag ? `\`${tag.text}\`` : 'missing'],
      importance: withVersion === '{version}' && /^v?\d+\.\d+\.\d+$/.test(tag?.text ?? '') ? 'know' : 'decide',
    });
  return `${repository}:${withVersion}`;
}

/** Names of variables stand for the values that are missing, so that it is a name all the same: `registry/web`. */
function withNames({ pieces, line }: ComposeText): ComposeText {
  const named = pieces.map((piece, index) => {
    if (piece.origin !== 'nowhere') return piece;
    const next = pieces[index + 1]?.text ?? '';
    const text = piece
      .variable!.toLowerCase()
      .replace(/^_+|_+$/g, '')
      .replaceAll('_', '-');
    return { ...piece, text: `${text}${/^[a-z\d]/i.test(next) ? '/' : ''}` };
  });
  return new ComposeText(named, 'word', line);
}

function tagStart(text: string): number {
  const colon = text.lastIndexOf(':');
  return colon > text.lastIndexOf('/') ? colon : text.length;
}

/** Two services may be built from one Dockerfile, but an image has one name. */
function isTaken(repository: string, name: string, { released }: Mapper): boolean {
  const first = released.find(
    ({ service: { build, image } }) => build && image && image.text.slice(0, tagStart(image.text)) === repository,
  );
  return first !== undefined && first.name !== name;
}

/**
 * A tag that is a variable is the version of the app. One that is written stays, where others make the image and the app
 * has images of its own, and where several are written that differ.
 */
function isVersionOfOthers(text: string, tag: ComposeText | undefined, { released, app }: Mapper): boolean {
  if (isVariable(tag)) return false;
  // What has no version is made by the team, unless it is an official image.
  if (!isOfOthers(text) && (tag === undefined || tag.text === 'latest')) return false;
  const services = released.map(({ service }) => service);
  const written = services.filter(({ build, image }) => !build && image && !isVariable(tagOf(image)));
  const tags = new Set(written.map(({ image }) => tagOf(image!)?.text ?? 'latest'));
  const hasOwn = written.length < services.length;
  const owner = /^(?:docker\.io\/)?([^/.:]+)\//.exec(text)?.[1];
  const owners = services.map(({ image }) => image?.text).filter((other) => other !== undefined && other !== text);
  const isHub =
    isOfOthers(text) ||
    (owner !== undefined && owner !== app && !owners.some((other) => other!.startsWith(`${owner}/`)));
  return isHub && hasOwn
    ? true
    : tags.size > 1 && new Set(written.map(({ image }) => repositoryOf(image!.text))).size > 1;
}

function tagOf(image: ComposeText): ComposeText | undefined {
  const end = tagStart(image.text);
  return end < image.text.length ? image.slice(end + 1) : undefined;
}

function isVariable(tag: ComposeText | undefined): boolean {
  return tag?.pieces.some(({ variable }) => variable !== undefined) === true;
}

/** `5-alpine` is `{version}-alpine`, and `v${TAG}` is `v{version}`. */
function tagWithVersion(tag: ComposeText | undefined): string {
  if (!tag) return '{version}';
  const { pieces, text } = tag;
  const at = pieces.findIndex(({ variable }) => variable !== undefined);
  if (at < 0) {
    if (/^(apache|fpm|alpine|slim|[a-z]+-alpine|community|enterprise|bookworm|bullseye)$/.test(text))
      return `{version}-${text}`;
    const [, before = '', after = ''] =
      /^(v?)\d[\w.]*?((?:-(?:[a-z]+|fpm|php[\d.]+|[a-z]+\d[\d.]*)){0,3})$/.exec(text) ?? [];
    return `${before}{version}${after}`;
  }
  const part = (some: typeof pieces): string => some.map((piece) => piece.text).join('');
  return `${part(pieces.slice(0, at))}{version}${part(pieces.slice(at + 1))}`;
}
