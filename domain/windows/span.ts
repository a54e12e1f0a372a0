import { DAY_MS, isAllowed, MINUTE_MS, type Edge, type Windows } from './windows';

/** Moments in ms since the epoch. */
export interface Span {
  /** Is the moment itself allowed? */
  allowed: boolean;
  /** The first allowed moment from then on; null when there is none. */
  next: number | null;
  /** When that stops being allowed; null when it never does. */
  closes: number | null;
}

/** A week tells what all weeks are like. The second one is for what the clocks skip in the first. */
const DAYS = 15;

export function spanAt(windows: Windows, at: number): Span {
  const next = first(windows, at, true);
  return { allowed: next === at, next, closes: next === null ? null : first(windows, next, false) };
}

/** The first moment from `at` on that is allowed, or the first that is not. Only at an edge does that change. */
function first(windows: Windows, at: number, wanted: boolean): number | null {
  if (isAllowed(windows, at) === wanted) return at;
  const freezes = windows.deny.flatMap(({ from, to }) => [...momentsOf(from, windows), ...momentsOf(to, windows)]);
  for (const start of [at, ...freezes.filter((moment) => moment > at).sort((a, b) => a - b)]) {
    const found = edgesAfter(windows, start).find((moment) => isAllowed(windows, moment) === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

function momentsOf(edge: Edge, { zone }: Windows): number[] {
  if ('moment' in edge) return [edge.moment];
  const moments = zone.moments(edge.wall);
  // The wall clock skips this time, so the edge is where it is set forward.
  return moments.length > 0 ? moments : settings(edge.wall - DAY_MS, edge.wall + DAY_MS, zone);
}

/** All edges from `start` on for some days, and those of freezes among them, in order. */
function edgesAfter(windows: Windows, start: number): number[] {
  const { zone, allow, deny } = windows;
  const end = start + DAYS * DAY_MS;
  const firstDay = Math.floor(zone.wall(start) / DAY_MS) - 1;
  const minutes = [...new Set(allow.flatMap(({ from, to }) => [from, to]))];
  const walls = Array.from({ length: DAYS + 2 }, (_, index) => firstDay + index).flatMap((day) =>
    minutes.map((minute) => day * DAY_MS + minute * MINUTE_MS),
  );
  const moments = [
    start,
    ...walls.flatMap((wall) => zone.moments(wall)),
    ...settings(start, end, zone),
    ...deny.flatMap(({ from, to }) => [...momentsOf(from, windows), ...momentsOf(to, windows)]),
  ];
  return moments.filter((moment) => moment >= start && moment <= end).sort((a, b) => a - b);
}

/** Clocks are set at most once in a day. */
function settings(from: number, to: number, zone: Windows['zone']): number[] {
  const days = Array.from({ length: Math.ceil((to - from) / DAY_MS) }, (_, index) => from + index * DAY_MS);
  return days.flatMap((day) => zone.set(day, Math.min(day + DAY_MS, to)) ?? []);
}
