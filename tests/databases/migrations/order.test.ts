import { mergedOutOfOrder, sortedWrongly } from '../../../databases/migrations/order';

describe('an order in which branches were merged', () => {
  test.each<[string, string[], string[], string[]]>([
    ['an older number', ['002_b'], ['001_a', '003_c'], ['002_b has a smaller number than 003_c']],
    ['a number before a name with one', ['001_2fa'], ['001_a'], ['001_2fa has the same number as 001_a']],
    ['the number of an applied one', ['002_b'], ['001_a', '002_a'], ['002_b has the same number as 002_a']],
    ['two with one number', ['002_a', '002_b'], ['001_a'], ['002_b has the same number as 002_a']],
    ['a number with other zeros', ['2_b'], ['001_a', '002_a'], ['2_b has the same number as 002_a']],
    ['an older date', ['20240101120000_b'], ['20240102090000_a'], ['20240101120000_b has a smaller number']],
    ['an older version of parts', ['1.9.3_b'], ['1.10.0_a'], ['1.9.3_b has a smaller number than 1.10.0_a']],
    ['Flyway’s numbers', ['V1_9__b'], ['V1_10__a'], ['V1_9__b has a smaller number than V1_10__a']],
    ['an older day', ['2024_01_05_100000_b'], ['2024_01_06_090000_a'], ['2024_01_05_100000_b has a smaller number']],
    ['a date that is there twice', ['2024-02-01-c'], ['2024-02-01-b'], ['2024-02-01-c has the same number']],
    ['an older number beside one without', ['002_b'], ['init', '003_c'], ['002_b has a smaller number than 003_c']],
  ])('is found: %s [proves strict]', (_what, pending, applied, expected) =>
    expect(mergedOutOfOrder(pending, applied)).toEqual(expected.map((text) => expect.stringContaining(text))),
  );

  test.each<[string, string[], string[]]>([
    ['the next number', ['003_c'], ['001_a', '002_b']],
    ['the first migrations', ['001_a', '002_b'], []],
    ['names without numbers', ['add_users'], ['billing']],
    ['dates after numbers', ['20240101_b'], ['001_a']],
    ['a longer version', ['1.2.1_b'], ['1.2_a']],
    ['a later time of a day', ['2024_01_05_100000_b'], ['2024_01_01_000000_a', '2024_01_05_095959_a']],
    ['a later day with dashes', ['2024-02-01-c'], ['2024-01-31-b', '2024-01-30-a']],
    ['a later version with underscores', ['1_2_b'], ['1_1_a']],
    ['the first with a number', ['001_b'], ['init']],
  ])('is not seen in %s', (_what, pending, applied) => expect(mergedOutOfOrder(pending, applied)).toEqual([]));
});

test.each<[string[], string[]]>([
  [['10_b', '9_a'], ['10_b sorts before 9_a']],
  [['1.10_b', '1.9_a'], ['1.10_b sorts before 1.9_a']],
  [['V10__b', 'V9__a'], ['V10__b sorts before V9__a']],
  [['001_a', '002_b', '010_c'], []],
  [['add', 'billing'], []],
  [['001_10_rows', '001_9_rows'], []],
  [['2024_01_05_100000_b', '2024_02_01_000000_a'], []],
])('names %j that sort otherwise than their numbers are found [proves strict]', (names, expected) => {
  expect(sortedWrongly(names)).toEqual(expected.map((text) => expect.stringContaining(text)));
});
