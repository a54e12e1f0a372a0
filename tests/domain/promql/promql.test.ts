import { coverageOf, selectorsIn } from '../../../domain/promql/promql';
import { countQueries, type CountQuery } from '../../../domain/promql/counts';

const counted = (query: string): CountQuery | string => {
  const found = countQueries(query, query);
  return 'mistake' in found ? found.mistake : found.bad;
};
const terms = (query: string): unknown => {
  const found = counted(query);
  if (typeof found === 'string' || found.kind !== 'counters') return found;
  return found.terms.map(({ selector, factor }) => (factor < 0 ? `-${selector}` : selector));
};

describe('series that a query reads', () => {
  test.each([
    ['lag{slot="blue"}', ['lag{slot="blue"}']],
    [
      'sum by (pod, slot) (rate(x_total{a="}",b=~"c|d"}[5m] offset 1h)) / on (pod) group_left (z) y',
      ['x_total{a="}",b=~"c|d"}', 'y'],
    ],
    ['histogram_quantile(0.95, sum by (le) (rate(b{s="x"}[30s])))', ['b{s="x"}']],
    ['{__name__=~"a|b"} # and {c="d"}', ['{__name__=~"a|b"}']],
    ['max_over_time(rate(x[1m])[10m:30s]) > bool 3e2', ['x']],
    ['sum(x) without (a) or vector(0)', ['x']],
    ['sum {a="b"}', ['sum {a="b"}']],
    ['x @ end() - x offset -5m', ['x', 'x']],
  ])('of %s are found', (query, series) => {
    expect(selectorsIn(query).map(({ text }) => text)).toEqual(series);
  });

  test.each([
    ['lag', 0],
    ['rate(x[5m])', 300_000],
    ['max_over_time(rate(x[1m])[10m:30s])', 660_000],
    ['avg_over_time(x[1h30m]) - rate(y[5m])', 5_400_000],
    ['job:requests:rate5m{slot="a"}', 300_000],
    ['sum(increase(x[30]))', 30_000],
  ])('%s covers the time before it', (query, length) => {
    expect(coverageOf(query)).toBe(length);
  });
});

describe('counters that a query of counts means', () => {
  test.each([
    ['x_total', ['x_total']],
    ['sum(x_total) or vector(0)', ['x_total']],
    ['sum by (code) (x_total{a="b"})', ['x_total{a="b"}']],
    ['sum(increase(x_total[{{window}}])) or vector(0)', ['x_total']],
    ['a_total or b_total or on () vector(0)', expect.anything()],
    ['a_total or b_total or vector(0)', ['a_total', 'b_total']],
    ['sum(x_count) - sum(x_bucket{le="0.5"})', ['x_count', '-x_bucket{le="0.5"}']],
    ['(sum(a) or vector(0)) + (sum(b) or vector(0))', ['a', 'b']],
    ['max by (instance, slot) (x_total)', ['x_total']],
  ])('are followed one by one, of %s', (query, expected) => {
    expect(terms(query)).toEqual(expected);
  });

  test.each([
    ['x_total * 0', { kind: 'series' }],
    ['x_total * on (pod) group_left () kube_pod_labels{label_slot="a"}', { kind: 'series' }],
    ['sum by (pod) (x_total) * on (pod) group_left () labels', { kind: 'series' }],
    ['sum(count_over_time({app="x"} |= "error" [{{window}}]))', { kind: 'windows' }],
    ['max(x_total)', expect.stringContaining('seen `max`') as unknown],
    ['sum(x_total) > 0', expect.stringContaining('seen `sum`') as unknown],
    ['sum(max_over_time(x[{{window}}]))', expect.stringContaining('seen `max_over_time`') as unknown],
    ['sum(irate(x_total[1m]))', expect.stringContaining('a window that slides') as unknown],
    ['x_total offset 1h', expect.stringContaining('`offset`') as unknown],
  ])('are not guessed of %s [proves Q]', (query, expected) => {
    expect(counted(query)).toEqual(expected);
  });
});
