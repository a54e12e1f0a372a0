import { z } from 'zod';
import type { Edge, Freeze, Windows } from '../windows/windows';
import { isZone, zoneOf, type Zone } from '../windows/zone';
import { explain, toldBy } from './mistakes';
import { isReadable, mistake, piecewise, type Mistake } from './rule';
import { expected } from './values';

/** More are a mistake, and would make every answer slow. */
const MOST = 100;

const CLOCK = expected('a time such as "08:30", in quotes, from "00:00" to "24:00"');
const clock = z
  .string(CLOCK)
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, CLOCK)
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const window = z.strictObject({
  days: z
    .array(z.int(expected('a day from 1 (Monday) to 7 (Sunday)')).min(1).max(7))
    .min(1)
    .max(7),
  from: clock.refine((minutes) => minutes < 24 * 60, 'expected a time before "24:00"'),
  to: clock,
});

const isDate = (text: string): boolean => z.iso.date().safeParse(text).success;
/** The seconds may be left out. */
const moments = [z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })];
const isMoment = (text: string): boolean => moments.some((schema) => schema.safeParse(text).success);

const EDGE = expected('a date such as 2026-12-24, or a moment such as 2026-12-24T18:00:00+01:00');
const edge = z
  .string(EDGE)
  .refine((text) => isDate(text) || isMoment(text), EDGE)
  .transform((text): Edge => (isDate(text) ? { wall: Date.parse(text) } : { moment: Date.parse(text) }));

const freeze = z.strictObject({ from: edge, to: edge });

const ZONE = expected('a zone of the IANA database, such as "Europe/Berlin" or "UTC"');

const AT = expected('a moment such as 2026-12-24T18:00:00+01:00');
const moment = z
  .string(AT)
  .refine(isMoment, AT)
  .transform((text) => Date.parse(text));

const fields = z.strictObject({
  timezone: z.string(ZONE).refine(isZone, ZONE),
  at: moment,
  allow: z.array(window).max(MOST).default([]),
  deny: z.array(freeze).max(MOST).default([]),
});

const schema = fields.superRefine(({ timezone, deny }, context) => {
  if (!isZone(timezone) || !Array.isArray(deny)) return;
  deny.forEach((one, index) => {
    if (isReadable(context.issues, 'deny', index) && isBackwards(one, zoneOf(timezone)))
      mistake(context, ['deny', index, 'to'], 'expected a time after `from`, since it is no longer denied then');
  });
}, piecewise);

/** A wrong date or moment leaves its text in its place. */
function isBackwards({ from, to }: Freeze, { wall }: Zone): boolean {
  if (typeof from !== 'object' || typeof to !== 'object') return false;
  if ('moment' in from && 'moment' in to) return to.moment <= from.moment;
  const shown = (one: Edge): number => ('moment' in one ? wall(one.moment) : one.wall);
  return shown(to) <= shown(from);
}

export interface WindowQuestion {
  windows: Windows;
  /** In milliseconds since the epoch. */
  at: number;
}

/** Reads what `spillway window next` is asked. */
export function parseWindowQuestion(raw: unknown): { question: WindowQuestion } | { mistakes: Mistake[] } {
  const parsed = schema.safeParse(raw, { error: explain });
  if (!parsed.success) return { mistakes: parsed.error.issues.flatMap(toldBy(keysAt)) };
  const { timezone, at, allow, deny } = parsed.data;
  return { question: { windows: { zone: zoneOf(timezone), allow, deny }, at } };
}

function keysAt([list]: Mistake['path']): string[] {
  if (list === undefined) return Object.keys(fields.shape);
  return Object.keys(list === 'allow' ? window.shape : freeze.shape);
}
