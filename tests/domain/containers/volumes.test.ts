import { stageOf, volumesOf } from '../../../domain/containers/dockerfile';
import { cleanPath, looseVolumes, mayGo, volumeMistake } from '../../../domain/containers/volumes';

const mount = (target: string) => ({ source: 'named', target, readOnly: false, shared: true });
const of = (targets: string[], discard: string[] = [], run?: 'live-only') => ({
  volumes: targets.map(mount),
  discard,
  run,
});

test.each([
  ['/data', '/data'],
  ['/data/', '/data'],
  ['//data//db/', '/data/db'],
  ['/data/./x/../db', '/data/db'],
  ['data', '/data'],
  ['/', '/'],
])('%s is %s to the engine', (path, clean) => {
  expect(cleanPath(path)).toBe(clean);
});

test.each([
  ['nothing is mounted', ['/data'], of([]), ['/data']],
  ['it is mounted', ['/data'], of(['/data']), []],
  ['it is mounted and either has a slash at its end', ['/data/', '/x'], of(['/data', '/x/']), []],
  ['a folder above it is mounted', ['/data/db'], of(['/data']), ['/data/db']],
  ['a folder below it is mounted', ['/data'], of(['/data/db']), ['/data']],
  ['a folder with a longer name is mounted', ['/data'], of(['/data2']), ['/data']],
  ['only one of them is mounted', ['/a', '/b', '/c'], of(['/b']), ['/a', '/c']],
  ['it may go', ['/cache/'], of([], ['/cache']), []],
  ['something above it may go', ['/var/lib/db'], of([], ['/var']), ['/var/lib/db']],
  ['it is in memory', ['/tmp', '/tmp/cache'], of([]), []],
  ['it only begins as what is in memory', ['/tmpdata'], of([]), ['/tmpdata']],
])('when %s, the data of %j has no place at %j [proves 6]', (_, declared, config, loose) => {
  expect(looseVolumes(declared, config)).toEqual(loose);
});

test('an older request, which has no list of what may go, lets nothing go', () => {
  const older = { ...of([]), discard: undefined as unknown as string[] };
  expect(looseVolumes(['/data'], older)).toEqual(['/data']);
  expect(mayGo('/data', [])).toBe(false);
});

test('the mistake has the lines to write, all of them at once [proves 6]', () => {
  expect(volumeMistake(['/data', '/var/lib/my db'], 'shop', 'web', of([]))).toBe(
    'expected a place for the data of every VOLUME of the image, seen none for /data, /var/lib/my db: the next release would begin ' +
      'with nothing there; under services.web write `volumes: [{ source: shop-web-data, target: /data, shared: true }, ' +
      '{ source: shop-web-var-lib-my-db, target: "/var/lib/my db", shared: true }]` to keep it in a volume with a name, ' +
      'or `discard: [/data, "/var/lib/my db"]` to lose it with each version',
  );
});

test('what is written already stays in the lines to write, and a service that runs once shares with nobody', () => {
  const mistake = volumeMistake(['/data', '/cache'], 'shop', 'job', of(['/other'], ['/cache'], 'live-only'));
  expect(mistake).toContain('`volumes: [{ source: shop-job-data, target: /data }]`, beside those that are there, to');
  expect(mistake).toContain('`discard: [/cache, /data]`');
});

test.each([
  ['words', 'FROM a\nVOLUME /data /logs/\n', ['/data', '/logs/']],
  ['a list', 'FROM a\nvolume ["/data", "/with space"]', ['/data', '/with space']],
  ['several lines', 'FROM a\n# VOLUME /no\nVOLUME /a \\\n  /b\nVOLUME /c', ['/a', '/b', '/c']],
  ['a variable, which only the build knows', 'FROM a\nVOLUME $DATA /b', ['/b']],
  ['a stage that is only copied from', 'FROM a AS build\nVOLUME /no\nFROM b\nCOPY --from=build / /\nVOLUME /b', ['/b']],
  ['a stage that the last is based on', 'FROM a AS base\nVOLUME /a\nFROM Base\nVOLUME /b', ['/a', '/b']],
  ['a list that is none', 'FROM a\nVOLUME ["/data"', []],
])('the VOLUMEs of a Dockerfile are found in %s [proves 6]', (_, text, paths) => {
  expect(volumesOf(stageOf(text))).toEqual(paths);
});

test('the stage that is named counts, and what it is based on is known', () => {
  const text = 'FROM --platform=linux/amd64 postgres:16 AS Run\nVOLUME /run\nFROM Run AS test\nVOLUME /test';
  expect(volumesOf(stageOf(text, 'Run'))).toEqual(['/run']);
  expect(stageOf(text)).toMatchObject({ base: 'postgres:16' });
});
