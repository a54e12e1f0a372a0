import type { Zone } from './zone';

/** A time of every week, by the wall clock of the zone. */
export interface DailyWindow {
  /** 1 is Monday; a window over midnight belongs to the day on which it begins. */
  days: number[];
  /** Minutes after midnight. */
  from: number;
  /** Minutes after midnight, and no longer in the window. At or before `from` it is on the next day. */
  to: number;
}

/** The end of a freeze: a moment in ms since the epoch, or a time that the wall clock shows (`Zone.wall`). */
export type Edge = { moment: number } | { wall: number };

/** Forbids from `from` on, until before `to`. */
export interface Freeze {
  from: Edge;
  to: Edge;
}

export interface Windows {
  zone: Zone;
  /** Without any, every time is allowed that no freeze forbids. */
  allow: DailyWindow[];
  deny: Freeze[];
}

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** @param at milliseconds since the epoch */
export function isAllowed({ zone, allow, deny }: Windows, at: number): boolean {
  const wall = zone.wall(at);
  if (deny.some(({ from, to }) => hasCome(from, at, wall) && !hasCome(to, at, wall))) return false;
  return allow.length === 0 || allow.some((window) => isIn(window, wall));
}

function hasCome(edge: Edge, at: number, wall: number): boolean {
  return 'moment' in edge ? at >= edge.moment : wall >= edge.wall;
}

function isIn({ days, from, to }: DailyWindow, wall: number): boolean {
  const day = Math.floor(wall / DAY_MS);
  const minute = (wall - day * DAY_MS) / MINUTE_MS;
  const [today, yesterday] = [days.includes(weekday(day)), days.includes(weekday(day - 1))];
  if (from < to) return today && minute >= from && minute < to;
  return (today && minute >= from) || (yesterday && minute < to);
}

/** The day 0 of the epoch was a Thursday. */
function weekday(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}
