import { isMapping } from '../../domain/config/merge';
import { parseDuration } from '../../domain/units';

const VARIABLE = /\$\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]*))?\}|\$([A-Za-z_]\w*)/g;

/** Answers the name when the text is one variable without a default, and nothing else. */
export function wholeVariable(text: string): string | undefined {
  const match = /^\$\{([A-Za-z_]\w*)(?::?\?[^}]*)?\}$|^\$([A-Za-z_]\w*)$/.exec(text.trim());
  return match?.[1] ?? match?.[2];
}

/** `$$` stands for a dollar, not for a variable. */
export function hasVariable(text: string): boolean {
  return text.replaceAll('$$', '').search(VARIABLE) >= 0;
}

export function withDefaults(text: string): { text: string; missing: string[] } {
  const missing: string[] = [];
  const dollar = '\u0000';
  const filled = text
    .replaceAll('$$', dollar)
    .replace(VARIABLE, (_, name?: string, kind?: string, other?: string, bare?: string) => {
      if (kind?.endsWith('-')) return other ?? '';
      missing.push((name ?? bare)!);
      return '';
    });
  return { text: filled.replaceAll(dollar, '$'), missing };
}

export interface ComposePort {
  target: number;
  /** Absent when Docker chooses one, or for a range. */
  published?: number;
  /** Absent: every address of the host. */
  address?: string;
  protocol: string;
}

/** Reads `8080:80`, `127.0.0.1:8080:80/tcp`, `80` or the long notation; undefined for a range. */
export function composePort(given: unknown): ComposePort | undefined {
  if (isMapping(given)) {
    const { target, published, host_ip: address, protocol } = given;
    const port = Number(target);
    if (!Number.isInteger(port)) return undefined;
    return clean(port, number(published), typeof address === 'string' ? address : undefined, String(protocol ?? 'tcp'));
  }
  const match = /^(?:(?:(\[[^\]]*\]|[\d.]+):)?(\d*):)?(\d+)(?:\/(\w+))?$/.exec(withDefaults(String(given)).text);
  if (!match) return undefined;
  return clean(Number(match[3]), number(match[2]), match[1], match[4] ?? 'tcp');
}

function clean(
  target: number,
  published: number | undefined,
  address: string | undefined,
  protocol: string,
): ComposePort {
  return { target, protocol, ...(published !== undefined && { published }), ...(address !== undefined && { address }) };
}

function number(given: unknown): number | undefined {
  const value = given === undefined || given === '' ? Number.NaN : Number(withDefaults(String(given)).text);
  return Number.isInteger(value) ? value : undefined;
}

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

export function composeWords(given: unknown): string[] | undefined {
  if (Array.isArray(given)) return given.map(String);
  if (typeof given !== 'string') return undefined;
  const words = given.match(/(?:[^\s"']|"(?:\\.|[^"\\])*"|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /"((?:\\.|[^"\\])*)"|'([^']*)'/g,
      (_, double?: string, single?: string) => single ?? double!.replace(/\\(.)/g, '$1'),
    ),
  );
}

/** Reads a mapping or a list of `NAME=VALUE`; a name without a value has null. */
export function composeVariables(given: unknown): [name: string, value: string | null][] {
  if (isMapping(given))
    return Object.entries(given).map(([key, value]) => [key, value === null ? null : String(value)]);
  if (!Array.isArray(given)) return [];
  return given.map((line) => {
    const [, name = '', value] = /^([^=]*)(?:=([^]*))?$/.exec(String(line)) ?? [];
    return [name, value ?? null];
  });
}

export function localAddress(words: string): { path: string; port: number } | undefined {
  const match = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(\d+))?(\/[^\s"'|;)]*)?/.exec(words);
  return match ? { port: Number(match[1] ?? 80), path: match[2] ?? '/' } : undefined;
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
