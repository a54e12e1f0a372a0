import { judgeWaiting, longestVerdict, patienceOf, type Healthcheck } from '../../../domain/containers/healthcheck';

const DOCKERS: Healthcheck = {
  interval: 30_000,
  timeout: 30_000,
  startPeriod: 0,
  startInterval: 5_000,
  retries: 3,
};
const health = (settings: { attempts?: number; interval?: number; endpoints?: [] } = {}) => ({
  endpoints: [],
  ...settings,
});
const asked = { endpoints: [{ path: '/ready' }] as never };

test.each([
  ['the values of Docker', {}, 180_000],
  ['a start period', { startPeriod: 60_000 }, 60_000 + 30_000 + 180_000],
  ['a quick one', { interval: 5_000, timeout: 2_000 }, 21_000],
  ['one probe', { interval: 10_000, timeout: 1_000, retries: 1 }, 11_000],
])('a container may take as long as its HEALTHCHECK needs: %s [proves 7]', (_, check, longest) => {
  expect(longestVerdict({ ...DOCKERS, ...check })).toBe(longest);
  expect(patienceOf(health(), { ...DOCKERS, ...check })).toBe(longest);
});

test.each([
  ['attempts', health({ attempts: 20 }), 20_000],
  ['attempts and interval', health({ attempts: 20, interval: 500 }), 10_000],
  ['interval alone, since it only says how often to look', health({ interval: 2_000 }), 180_000],
  ['endpoints, which decide instead', { ...health(), ...asked }, 10_000],
])('what the file says comes first: %s [proves 7]', (_, settings, patience) => {
  expect(patienceOf(settings, DOCKERS)).toBe(patience);
});

test('endpoints are asked for as long as the image needs to start', () => {
  expect(patienceOf({ ...health(), ...asked }, { ...DOCKERS, startPeriod: 60_000 })).toBe(70_000);
});

test.each([undefined, { ...DOCKERS, interval: 1_000, timeout: 500 }])(
  'no HEALTHCHECK, or a very quick one, changes nothing',
  (check) => expect(patienceOf(health(), check)).toBe(10_000),
);

test('the time is told, and one in which the first probe cannot come is refused [proves 7]', () => {
  expect(judgeWaiting('web', health(), DOCKERS)).toEqual({ note: 'healthy within 3 min, by its HEALTHCHECK' });
  expect(judgeWaiting('web', health({ attempts: 20 }), DOCKERS)).toEqual({
    problem: expect.stringContaining('expected more than 30 s to get healthy'),
  });
  expect(judgeWaiting('web', health({ attempts: 30 }), DOCKERS)).toMatchObject({
    problem: expect.stringContaining('expected more than 30 s to get healthy'),
  });
  expect(judgeWaiting('web', health({ attempts: 31 }), DOCKERS)).toEqual({
    note: 'healthy within 31 s, by its HEALTHCHECK',
  });
  const quickAtFirst = { ...DOCKERS, startPeriod: 60_000, startInterval: 5_000 };
  expect(judgeWaiting('web', health({ attempts: 20 }), quickAtFirst)).toEqual({
    note: 'healthy within 20 s, by its HEALTHCHECK',
  });
  expect(judgeWaiting('web', { ...health({ attempts: 1 }), ...asked }, DOCKERS)).toEqual({ note: '' });
  expect(judgeWaiting('web', health(), undefined)).toEqual({ note: '' });
});

test('what takes longer than the step may is told, and bounded [proves 7]', () => {
  const long = { ...DOCKERS, startPeriod: 3_600_000 };
  expect(patienceOf(health(), long)).toBe(840_000);
  expect(patienceOf(health({ attempts: 2_000 }), undefined)).toBe(840_000);
  expect(judgeWaiting('web', health(), long)).toEqual({
    note: 'it may take 1 h 4 min to get healthy, but deploy waits for 14 min at most',
    warning: true,
  });
});
