import { parseDuration } from '../../domain/units';

/** Spillway has one unit, so `1m30s` becomes `90s`; undefined when it is no duration. */
export function composeDuration(given: unknown): string | undefined {
  const milliseconds = composeMilliseconds(given);
  if (milliseconds === undefined) return undefined;
  if (milliseconds % 60_000 === 0 && milliseconds > 0) return `${milliseconds / 60_000}m`;
  return milliseconds % 1_000 === 0 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`;
}

export function composeMilliseconds(given: unknown): number | undefined {
  const text = String(given);
  const parts = text.match(/\d+(?:\.\d+)?(?:ms|us|[smhd])/g);
  if (!parts || parts.join('') !== text) return undefined;
  return parts.reduce((sum, part) => sum + (part.endsWith('us') ? 1 : (parseDuration(part) ?? 0)), 0);
}

/** Reads `512m`, `1.5g`, `512MB` or bytes; Compose takes all units as binary ones. */
export function composeSize(given: unknown): string | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg]?)i?b?$/i.exec(String(given).trim());
  if (!match) return undefined;
  const unit = { '': 'B', b: 'B', k: 'KiB', m: 'MiB', g: 'GiB' }[match[2]!.toLowerCase()];
  return `${match[1]}${unit}`;
}

/** Fills in ports as a shell does: `:$PORT`, `:${PORT:-80}`. Other variables stay, because they may hold secrets. */
export function withPorts(text: string, values: Record<string, string>): string {
  const pattern = /:\$(?:\{(\w+)(?::?-(\d+))?\}|(\w+))/g;
  return text.replace(pattern, (all, braced?: string, other?: string, bare?: string) => {
    const value = values[(braced ?? bare)!] || other;
    return value !== undefined && /^\d{1,5}$/.test(value) ? `:${value}` : all;
  });
}

/**
 * Finds the address of the container itself that a health check asks over HTTP; curl and wget need no `http://`. One
 * with a port that is not known is none.
 * @param name another name of the container
 */
export function localAddress(words: string, name?: string): { path: string; port: number } | undefined {
  const own = name === undefined ? '' : `|${name.replace(/[^\w-]/g, '\\$&')}`;
  const place = `(?:localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0|\\[::1?\\]${own})(?::(\\d+))?(/[^\\s"'|;)]*)?(?![\\w.:-])`;
  const found = [
    ...words.matchAll(new RegExp(`http://${place}`, 'g')),
    ...words.matchAll(new RegExp(`(?<=\\b(?:curl|wget|http)\\b[^|;&]*?\\s["']?)${place}`, 'g')),
  ];
  // `--noproxy localhost localhost:3000/health` names the host twice.
  const [asked] = [...found.filter(([, port, path]) => port !== undefined || path !== undefined), ...found];
  return asked ? { port: Number(asked[1] ?? 80), path: asked[2] ?? '/' } : undefined;
}

/** Says what a health check does beside asking for a path, which alone would get another answer. */
export function saysMore(test: string): string | undefined {
  if (!/\b(curl|wget|https?)\b/.test(test)) return undefined;
  if (/\bhttps:\/\//.test(test)) return 'speaks TLS';
  if (/\s(-H|--header|-A|--user-agent)[\s=]/.test(test)) return 'sends headers';
  if (/\s(-u|--user|--http-user)[\s=]/.test(test)) return 'logs in';
  return /\s(-X|--request|-d|--data(-\w+)?|--post-data|--method)[\s=]?(?!GET|HEAD)\w/.test(test)
    ? 'sends more than a GET'
    : undefined;
}

export function properName(given: string): string {
  const letters = given
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return letters.length > 1 ? letters : `app${letters && `-${letters}`}`;
}
