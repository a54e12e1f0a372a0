import type { PinnedImage } from '../release';

/** Takes apart a reference such as `127.0.0.1:5000/shop:1.2.3`, `nginx` or `shop@sha256:…`. */
export function splitReference(reference: string): { repository: string; tag?: string; digest?: string } {
  const [name, digest] = reference.split('@') as [string, string | undefined];
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  if (colon < 0) return { repository: name, ...(digest && { digest }) };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1), ...(digest && { digest }) };
}

export function isByDigest(reference: string): boolean {
  return splitReference(reference).digest !== undefined;
}

/** Returns the registry of a repository; undefined when it names none, as `nginx` and `library/nginx` do. */
export function hostOf(repository: string): string | undefined {
  const [first, ...rest] = repository.split('/') as [string, ...string[]];
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : undefined;
}

/** Older versions of Spillway pinned no origin, but the reference may name a registry. */
export function originOf({ from, reference }: PinnedImage): NonNullable<PinnedImage['from']> {
  if (from) return from;
  const { repository, digest } = splitReference(reference);
  return digest !== undefined || hostOf(repository) !== undefined ? 'registry' : 'engine';
}

export function registryName({ reference, digest }: Pick<PinnedImage, 'reference' | 'digest'>): string {
  return `${splitReference(reference).repository}@${digest}`;
}
