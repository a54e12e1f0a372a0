import { formatDuration, formatSize, parseDuration, parseSize } from '../../domain/units';

test.each([
  ['500ms', 500],
  ['1.5s', 1_500],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['0s', 0],
])('the duration %s is %d milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', '5', 's', '-1s', '5 s', '1h30m', '1e3s', ' 5s', '5S', '.5s'])('"%s" is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  ['12B', 12],
  ['350MB', 350e6],
  ['512MiB', 512 * 1024 ** 2],
  ['1.5GB', 1.5e9],
  ['2TiB', 2 * 1024 ** 4],
])('the size %s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '512', '512M', '512Mi', '1 GB', '-1MB', 'MB', '1gb'])('"%s" is no size', (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test.each([
  [0, '0 ms'],
  [320.4, '320 ms'],
  [4_200, '4.2 s'],
  [60_000, '1 min'],
  [725_000, '12 min 5 s'],
  [12_000_000, '3 h 20 min'],
  [86_400_000, '1 d'],
  [90_000_000, '1 d 1 h'],
])('%d milliseconds read as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [12, '12 B'],
  [3_400_000, '3.4 MB'],
  [1e9, '1 GB'],
  [2.5e12, '2.5 TB'],
])('%d bytes read as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});
