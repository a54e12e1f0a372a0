// Neighbours are averaged once a series is full, so that an hour and a day take the same room in a heartbeat.

export const MOST_POINTS = 240;

/** Null where nothing was measured. */
export type Pair = [canary: number | null, live: number | null];

/** `at` is in ms since the step began. */
export type Point = [at: number, ...Pair];

export interface Series {
  points: Point[];
  per: number;
  open: { samples: number; at: number; canary: [sum: number, count: number]; baseline: [sum: number, count: number] };
}

export function startSeries(): Series {
  return { points: [], per: 1, open: nothing() };
}

/** @param most points that are kept, even and at most `MOST_POINTS` */
export function addSample(series: Series, [at, canary, live]: Point, most = MOST_POINTS): Series {
  const { samples, at: since } = series.open;
  const open = {
    samples: samples + 1,
    at: samples === 0 ? at : since,
    canary: plus(series.open.canary, canary),
    baseline: plus(series.open.baseline, live),
  };
  if (open.samples < series.per) return { ...series, open };
  const point: Point = [open.at, mean(open.canary), mean(open.baseline)];
  const points = [...series.points, point];
  if (points.length < most) return { ...series, points, open: nothing() };
  return { points: halved(points), per: 2 * series.per, open: nothing() };
}

export function valuesOf({ points }: Series): Record<'canary' | 'live', (number | null)[]> {
  return { canary: points.map(([, value]) => value), live: points.map(([, , value]) => value) };
}

export function pointsFor(series: number): number {
  return Math.max(40, Math.min(MOST_POINTS, 2 * Math.floor(3_000 / Math.max(1, series))));
}

function halved(points: Point[]): Point[] {
  const pairs: Point[] = [];
  for (let index = 0; index + 1 < points.length; index += 2) {
    const [[at, canary, live], [, canary2, live2]] = [points[index]!, points[index + 1]!];
    pairs.push([at, middle(canary, canary2), middle(live, live2)]);
  }
  return pairs;
}

function middle(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return rounded((one + other) / 2);
}

function plus([sum, count]: [number, number], value: number | null): [number, number] {
  return value === null || !Number.isFinite(value) ? [sum, count] : [sum + value, count + 1];
}

function mean([sum, count]: [number, number]): number | null {
  return count === 0 ? null : rounded(sum / count);
}

// More digits than any measurement has would only make heartbeats longer.
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function nothing(): Series['open'] {
  return { samples: 0, at: 0, canary: [0, 0], baseline: [0, 0] };
}
