import { parseWindowQuestion } from '../../../domain/config/windows';
import { spanAt } from '../../../domain/windows/span';

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString().replace(/:00\.000Z$/, 'Z'));

function answer(timezone: string, at: string, allow: object[] = [], deny: object[] = []) {
  const parsed = parseWindowQuestion({ timezone, at, allow, deny });
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  const { allowed, next, closes } = spanAt(parsed.question.windows, parsed.question.at);
  return [allowed, iso(next), iso(closes)];
}

const days = [1, 2, 3, 4, 5, 6, 7];
const office = { days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' };
const night = { days: [5], from: '22:00', to: '06:00' };

test.each([
  // 2026-12-02 is a Wednesday.
  ['inside', '2026-12-02T09:00Z', [true, '2026-12-02T09:00Z', '2026-12-02T17:00Z']],
  ['at its end', '2026-12-02T17:00Z', [false, '2026-12-03T09:00Z', '2026-12-03T17:00Z']],
  ['before a weekend', '2026-12-04T18:00Z', [false, '2026-12-07T09:00Z', '2026-12-07T17:00Z']],
])('%s of office hours the answer is right', (_where, at, expected) => {
  expect(answer('UTC', at, [office])).toEqual(expected);
});

test.each([
  ['2026-12-04T23:00Z', [true, '2026-12-04T23:00Z', '2026-12-05T06:00Z']],
  ['2026-12-05T05:59Z', [true, '2026-12-05T05:59Z', '2026-12-05T06:00Z']],
  ['2026-12-05T23:00Z', [false, '2026-12-11T22:00Z', '2026-12-12T06:00Z']],
])('a window over midnight belongs to the day on which it begins (%s)', (at, expected) => {
  expect(answer('UTC', at, [night])).toEqual(expected);
});

test('windows that touch are one', () => {
  const evening = { days: [3], from: '17:00', to: '24:00' };
  const morning = { days: [4], from: '00:00', to: '02:00' };
  const expected = [true, '2026-12-02T10:00Z', '2026-12-03T02:00Z'];
  expect(answer('UTC', '2026-12-02T10:00Z', [{ ...office, days: [3] }, evening, morning])).toEqual(expected);
});

test('windows that leave no gap never close, and without windows all times are allowed', () => {
  const always = [true, '2026-12-02T10:00Z', null];
  expect(answer('UTC', '2026-12-02T10:00Z', [{ days, from: '12:00', to: '12:00' }])).toEqual(always);
  expect(answer('UTC', '2026-12-02T10:00Z')).toEqual(always);
});

test.each([
  [
    'the day begins in the zone',
    'Europe/Berlin',
    '2026-12-23T22:59Z',
    [true, '2026-12-23T22:59Z', '2026-12-23T23:00Z'],
  ],
  ['and ends there', 'Europe/Berlin', '2026-12-23T23:00Z', [false, '2026-12-26T23:00Z', null]],
])('a freeze by dates: %s', (_what, zone, at, expected) => {
  expect(answer(zone, at, [], [{ from: '2026-12-24', to: '2026-12-27' }])).toEqual(expected);
});

test('a freeze by moments cuts a window, and freezes in a row are one', () => {
  const cut = { from: '2026-12-02T12:00:00+01:00', to: '2026-12-02T13:00:00+01:00' };
  expect(answer('UTC', '2026-12-02T10:00Z', [office], [cut])).toEqual([true, '2026-12-02T10:00Z', '2026-12-02T11:00Z']);
  const row = [cut, { from: '2026-12-02T12:00:00Z', to: '2026-12-03T16:30:00Z' }];
  expect(answer('UTC', '2026-12-02T11:30Z', [office], row)).toEqual([false, '2026-12-03T16:30Z', '2026-12-03T17:00Z']);
});

test('a window that opens years after the last freeze began is found, and so is a freeze years ahead', () => {
  const long = [{ from: '2026-01-01', to: '2036-01-01' }];
  expect(answer('UTC', '2026-12-02T10:00Z', [office], long)).toEqual([false, '2036-01-01T09:00Z', '2036-01-01T17:00Z']);
  const far = [{ from: '2036-01-01', to: '2037-01-01' }];
  expect(answer('UTC', '2026-12-02T10:00Z', [], far)).toEqual([true, '2026-12-02T10:00Z', '2036-01-01T00:00Z']);
});

// In Berlin the clocks go from 2:00 to 3:00 on 2027-03-28, and from 3:00 to 2:00 on 2027-10-31. Both are Sundays.
const sunday = (from: string, to: string) => [{ days: [7], from, to }];

test.each([
  ['one that the clocks skip does not open', '02:00', '03:00', [false, '2027-04-04T00:00Z', '2027-04-04T01:00Z']],
  [
    'one that begins in the skipped hour begins after it',
    '02:30',
    '04:00',
    [false, '2027-03-28T01:00Z', '2027-03-28T02:00Z'],
  ],
  ['one that ends in it ends before it', '01:00', '02:30', [false, '2027-03-28T00:00Z', '2027-03-28T01:00Z']],
])('when the clocks are set forward, %s', (_what, from, to, expected) => {
  expect(answer('Europe/Berlin', '2027-03-27T12:00Z', sunday(from, to))).toEqual(expected);
});

test.each([
  ['one in the hour that comes twice is two hours long', '02:00', '03:00', ['2027-10-31T00:00Z', '2027-10-31T02:00Z']],
  ['a part of that hour opens twice', '02:15', '02:30', ['2027-10-31T00:15Z', '2027-10-31T00:30Z']],
])('when the clocks are set back, %s', (_what, from, to, [next, closes]) => {
  expect(answer('Europe/Berlin', '2027-10-30T12:00Z', sunday(from!, to!))).toEqual([false, next, closes]);
});

test('a window that the clocks cut short at midnight in Greenwich begins then', () => {
  // In Jerusalem they go from 2:00 to 3:00 on 2027-03-26, a Friday.
  const cut = [{ days: [5], from: '02:30', to: '04:00' }];
  const expected = [false, '2027-03-26T00:00Z', '2027-03-26T01:00Z'];
  expect(answer('Asia/Jerusalem', '2027-03-25T12:00Z', cut)).toEqual(expected);
});

test('when the clocks are set back, what was open before the hour came again is open again', () => {
  const again = [false, '2027-10-31T01:15Z', '2027-10-31T01:30Z'];
  expect(answer('Europe/Berlin', '2027-10-31T00:30Z', sunday('02:15', '02:30'))).toEqual(again);
});
