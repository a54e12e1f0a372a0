import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../domain/units';

/** Answers ms since the epoch. @throws InvalidArgumentError that says what is possible */
export function parseMoment(text: string): number {
  const ago = parseDuration(text.replace(/^-/, ''));
  if (text === 'now') return Date.now();
  if (ago !== undefined) return Date.now() - ago;
  // Ten digits are seconds, as Prometheus and `date +%s` write them.
  if (/^\d{10}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  if (/^\d{13}$/.test(text)) return Number(text);
  const parsed = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(parsed)) return parsed;
  throw new InvalidArgumentError(
    `expected a moment (2026-11-21T10:00:00Z, seconds since the epoch, now, or how long ago, such as 2h), seen "${text}"`,
  );
}
