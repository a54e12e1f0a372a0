import type { HttpCheck } from './config';

/** What came back from a question. */
export interface Seen {
  status: number;
  body: string;
  /** Milliseconds until the last byte. */
  latency: number;
}

export interface CheckResult {
  ok: boolean;
  /** `expected …, seen …`, or what passed. */
  detail: string;
}

/** Longest part of a body or value that a report quotes. */
const QUOTED = 200;

/** Judges an answer by status, JSON fields, text and latency; names every expectation that it misses. */
export function judgeAnswer(check: HttpCheck, seen: Seen): CheckResult {
  const misses = [
    ...missedStatus(check, seen),
    ...missedFields(check, seen.body),
    ...missedText(check, seen.body),
    ...missedLatency(check, seen.latency),
  ];
  if (misses.length > 0) return { ok: false, detail: misses.join('; ') };
  return { ok: true, detail: `${seen.status} in ${Math.round(seen.latency)} ms` };
}

/** What a check is called in reports. */
export function checkName({ name, path, service }: HttpCheck): string {
  return name ?? (service ? `${service} ${path}` : path);
}

function missedStatus({ status }: HttpCheck, seen: Seen): string[] {
  if (status.includes(seen.status)) return [];
  const body = seen.body.trim();
  return [`expected status ${status.join(' or ')}, seen ${seen.status}${body ? ` (${quote(body)})` : ''}`];
}

function missedFields({ json }: HttpCheck, body: string): string[] {
  const wanted = Object.entries(json);
  if (wanted.length === 0) return [];
  const parsed = parse(body);
  if (parsed === undefined) return [`expected a JSON body, seen ${quote(body)}`];
  return wanted.flatMap(([path, value]) => {
    const found = fieldAt(parsed.value, path);
    return found === value ? [] : [`expected ${path} to be ${JSON.stringify(value)}, seen ${quote(found)}`];
  });
}

function missedText({ contains }: HttpCheck, body: string): string[] {
  if (contains === undefined || body.includes(contains)) return [];
  return [`expected a body that contains ${JSON.stringify(contains)}, seen ${quote(body)}`];
}

function missedLatency({ maxLatency }: HttpCheck, latency: number): string[] {
  if (maxLatency === undefined || latency <= maxLatency) return [];
  return [`expected an answer within ${maxLatency} ms, seen ${Math.round(latency)} ms`];
}

function parse(body: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return undefined;
  }
}

/** `database.status`, or `checks.0.ok` for lists; undefined when there is no such field. */
function fieldAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    const isField = inner !== null && typeof inner === 'object' && Object.hasOwn(inner, key);
    return isField ? (inner as Record<string, unknown>)[key] : undefined;
  }, value);
}

function quote(value: unknown): string {
  if (value === undefined) return 'no such field';
  if (value === '') return 'nothing';
  const text = JSON.stringify(value);
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
