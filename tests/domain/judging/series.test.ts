import { addSample, MOST_POINTS, pointsFor, startSeries, valuesOf } from '../../../domain/judging/series';

const filled = (samples: number, value: (index: number) => number | null, most = MOST_POINTS) => {
  let series = startSeries();
  for (let index = 0; index < samples; index++)
    series = addSample(series, [index * 1_000, value(index), index * 2], most);
  return series;
};

describe('a series', () => {
  it('keeps every sample while there is room', () => {
    const { points } = filled(100, (index) => index);
    expect(points).toHaveLength(100);
    expect(points[7]).toEqual([7_000, 7, 14]);
  });

  it('is never larger, however long it gets, and both slots stay averaged alike', () => {
    const series = filled(86_400, (index) => index);
    expect(series.points.length).toBeLessThan(MOST_POINTS);
    expect(series.points.length).toBeGreaterThanOrEqual(MOST_POINTS / 2);
    for (const [, canary, baseline] of series.points) expect(baseline).toBeCloseTo(2 * canary!, 6);
    expect(JSON.stringify(series).length).toBeLessThan(12_000);
  });

  it('averages what there is, and knows where nothing was measured', () => {
    const { canary } = valuesOf(filled(8, (index) => (index < 4 ? null : index % 2 === 0 ? 10 : null), 4));
    expect(canary).toEqual([null, 10]);
  });

  it('leaves out what is no number', () => {
    const { points } = addSample(startSeries(), [0, Infinity, NaN]);
    expect(points).toEqual([[0, null, null]]);
  });

  it('has room for fewer points the more of them there are', () => {
    expect(pointsFor(3)).toBe(MOST_POINTS);
    expect(pointsFor(100)).toBeLessThan(100);
    expect(pointsFor(1_000)).toBeGreaterThanOrEqual(40);
    expect(pointsFor(37) % 2).toBe(0);
  });
});
