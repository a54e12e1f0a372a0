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

/** Finds the first moment from `at` on that is allowed, or the first that is not. Only at an edge does that change. */
function first(windows: Windows, at: number, wanted: boolean): number | null {
  if (isAllowed(windows, at) === wanted) return at;
  const freezes = windows.deny.flatMap(({ from, to }) => [...momentsOf(from, windows), ...momentsOf(to, windows)]);
  const starts = [at, ...freezes.filter((moment) => moment > at)].map((moment) => Math.floor(moment / DAY_MS));
  const days = new Set(starts.flatMap((start) => Array.from({ length: DAYS }, (_, index) => start + index)));
  for (const day of [...days].sort((a, b) => a - b)) {
    const edges = edgesOn(day, windows, freezes).filter((moment) => moment > at);
    const found = edges.find((moment) => isAllowed(windows, moment) === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

function momentsOf(edge: Edge, { zone }: Windows): number[] {
  if ('moment' in edge) return [edge.moment];
  const moments = zone.moments(edge.wall);
  // The wall clock skips this time, so the edge is where it is set forward.
  return moments.length > 0 ? moments : present(zone.set(edge.wall - DAY_MS, edge.wall + DAY_MS));
}

/** Answers the edges on a day of Greenwich, in order; a clock may be set at the very end of it. */
function edgesOn(day: number, { zone, allow }: Windows, freezes: number[]): number[] {
  const [start, end] = [day * DAY_MS, (day + 1) * DAY_MS];
  const wallDay = Math.floor(zone.wall(start) / DAY_MS);
  const minutes = [...new Set(allow.flatMap(({ from, to }) => [from, to]))];
  // Its hours belong to two days of the zone, and to one more where the clocks are set over midnight.
  const walls = [-1, 0, 1, 2].flatMap((more) =>
    minutes.map((minute) => (wallDay + more) * DAY_MS + minute * MINUTE_MS),
  );
  const moments = [...walls.flatMap((wall) => zone.moments(wall)), ...present(zone.set(start, end)), ...freezes];
  return moments.filter((moment) => moment >= start && moment <= end).sort((a, b) => a - b);
}

function present(moment: number | undefined): number[] {
  return moment === undefined ? [] : [moment];
}
