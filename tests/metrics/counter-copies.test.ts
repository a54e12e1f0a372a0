import { copiesIn, type Sampled } from '../../metrics/counter-copies';

/* Which series are one counter that two Prometheus scrape, also where a process has thousands of them. */

const SCRAPES = 20;

/** How often samples were looked at, of all series together. */
let looks = 0;

function series(labels: Record<string, string>, late = 0, step = 10): Sampled {
  const all = { __name__: 'asked_total', instance: 'a', ...labels };
  const samples = Array.from(
    { length: SCRAPES },
    (_, i) => [15_000 * i + late, step * i + (late > 0 ? 5 : 0)] as const,
  );
  return {
    key: JSON.stringify(labels),
    labels: all,
    get samples() {
      looks++;
      return samples;
    },
  };
}

beforeEach(() => {
  looks = 0;
});

test('of thousands of series each is compared with its copy, not with all others [proves P]', () => {
  const paths = Array.from({ length: 1_000 }, (_, i) => `/${i}`);
  const all = [
    ...paths.map((path) => series({ path, by: 'p0' })),
    ...paths.map((path) => series({ path, by: 'p1' }, 7_000)),
  ];
  expect(copiesIn(all)).toEqual(paths.map((_, i) => [all[i]!.key, all[i + 1_000]!.key]));
  expect(looks).toBeLessThan(20 * all.length);
});

test('thousands of series with timestamps of their own are no copies, and not compared', () => {
  const all = Array.from({ length: 2_000 }, (_, i) => series({ path: `/${i}` }, i + 1));
  expect(copiesIn(all)).toEqual([]);
  expect(looks).toBeLessThan(20 * all.length);
});

test('what is scraped together now and then is not each other’s copy, though no scrape shows both', () => {
  const [early, both, late] = [series({ path: '/early' }), series({ path: '/both' }), series({ path: '/late' })];
  const all = [{ ...early, samples: early.samples.slice(0, 10) }, both, { ...late, samples: late.samples.slice(10) }];
  expect(copiesIn(all)).toEqual([]);
});

test.each([
  ['differ in one label', { by: 'p0' }, { by: 'p1' }],
  ['differ in a label that one of them lacks', {}, { by: 'p1' }],
])('series that %s and lie between each other are one counter', (_, one, other) => {
  expect(copiesIn([series(one), series(other, 7_000)])).toHaveLength(1);
});

test.each([
  ['differ in two labels', { by: 'p0', job: 'x' }, { by: 'p1', job: 'y' }, 10],
  ['count at different speeds', { by: 'p0' }, { by: 'p1' }, 3],
  ['are of different processes', { instance: 'a' }, { instance: 'b' }, 10],
])('series that %s are two counters', (_, one, other, step) => {
  expect(copiesIn([series(one), series(other, 7_000, step)])).toEqual([]);
});
