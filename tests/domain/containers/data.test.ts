import { appConfigSchema } from '../../../domain/config';
import { judgeData, type HeldData } from '../../../domain/containers/data';

const VOLUME = 'f'.repeat(64);
const configOf = (app: string, settings: object) => appConfigSchema.parse({ version: 1, app, ...settings });
const web = (settings: object = {}) =>
  configOf('shop', {
    services: {
      web: { image: 'web', port: 80, ...settings },
      job: { image: 'job', traffic: 'none', run: 'live-only' },
    },
  });
const held = (settings: Partial<HeldData> = {}): HeldData => ({
  ...{ container: 'shop-production-web-blue-1', service: 'web', version: '1.0.0' },
  ...{ anonymous: [], mounted: [], changed: [] },
  ...settings,
});
const only = (path: string, settings: object = {}) => ({
  anonymous: [{ volume: VOLUME, path, accepted: false, stays: true, ...settings }],
});
const judge = (data: HeldData, config = web(), more: { filled?: string[]; copies?: boolean } = {}) =>
  judgeData([data], { config, filled: [], copies: false, sharing: [], ...more });
const mount = (source: string, target = '/data') => ({ volumes: [{ source, target, shared: true }] });

test('without data, or without anything live, there is nothing to say', () => {
  expect(judgeData([], { config: web(), filled: [], copies: true, sharing: [] })).toEqual({ note: 'nothing is live' });
  expect(judge(held())).toEqual({ note: 'the new version gets all the data that is live' });
});

test.each([
  ['nothing at the path', {}],
  ['another path that may go', { discard: ['/data/sub'] }],
  ['an empty volume at the path', mount('empty')],
  ['a full volume elsewhere', mount('full', '/other')],
])('data that only one container has is refused when the new version has %s [proves 6]', (_, settings) => {
  expect(judge(held(only('/data')), web(settings), { filled: ['full'] })).toEqual({
    problem: expect.stringContaining(
      'expected the new version to get what shop-production-web-blue-1 has in /data',
    ) as string,
  });
});

test.each([
  ['that very volume', mount(VOLUME, '/data/'), undefined],
  ['a full one in its place', mount('full'), true],
  ['the word that it may stay behind', { discard: ['/data/'] }, true],
])('data that only one container has passes when the new version has %s [proves 6]', (_, settings, warning) => {
  const finding = judge(held(only('/data')), web(settings), { filled: ['full'] });
  expect('note' in finding && finding.warning).toBe(warning);
  if (warning)
    expect(finding).toMatchObject({ note: expect.stringContaining(`stays behind in volume ${VOLUME}`) as string });
});

test('each replica has data of its own: one volume for all of them takes the others’ place only by its content [proves 6]', () => {
  const other = { ...only('/data').anonymous[0]!, volume: 'e'.repeat(64) };
  const replicas = [held(only('/data')), held({ container: 'shop-production-web-blue-2', anonymous: [other] })];
  const next = { config: web(mount(VOLUME)), filled: [VOLUME], copies: false, sharing: [] };
  expect(judgeData(replicas, next)).toEqual({
    note: `what 1.0.0 of web has in /data stays behind in volume ${'e'.repeat(64)}, which is kept`,
    warning: true,
  });
});

test('data of a service that is released no more stays, and is told [proves 6]', () => {
  expect(judge(held({ ...only('/data'), service: 'gone', mounted: [{ source: 'named', target: '/x' }] }))).toEqual({
    note:
      `what 1.0.0 of gone has in /data stays behind in volume ${VOLUME}, which is kept\n` +
      '1.0.0 of gone has named at /x, and the new version mounts nothing there: named stays, with its data',
    warning: true,
  });
});

test('empty volumes, and those of paths that may still go, are nothing to speak of', () => {
  expect(judge(held(only('/data', { stays: false })))).toMatchObject({
    note: expect.not.stringContaining('/data') as string,
  });
  const accepted = { stays: false, accepted: true };
  expect(judge(held(only('/data', accepted)), web({ discard: ['/data'] }))).not.toHaveProperty('warning');
  expect(judge(held(only('/tmp/x', accepted)))).not.toHaveProperty('warning');
  expect(judge(held(only('/data', accepted)))).toMatchObject({
    note: expect.stringContaining(
      `goes with it, as \`discard\` said when it was released: save volume ${VOLUME}`,
    ) as string,
    warning: true,
  });
});

test('only what is copied for a fresh baseline must have its data elsewhere [proves 6]', () => {
  const config = web({ discard: ['/data'] });
  expect(judge(held(only('/data')), config, { copies: true })).toHaveProperty('problem');
  expect(judge(held(only('/data', { stays: false, accepted: true })), config, { copies: true })).toHaveProperty('note');
  const discard = configOf('shop', {
    services: { job: { image: 'job', traffic: 'none', run: 'live-only', discard: ['/data'] } },
  });
  expect(judge(held({ ...only('/data'), service: 'job' }), discard, { copies: true })).toHaveProperty('note');
});

test('a volume with a name is missed when it is mounted no more, or another in its place, not when it moved [proves 6]', () => {
  const data = held({
    mounted: [
      { source: 'uploads', target: '/data' },
      { source: '/srv/files', target: '/files' },
    ],
  });
  const moved = [
    { source: 'uploads', target: '/new', shared: true },
    { source: '/srv/files/', target: '/files', shared: true },
  ];
  expect(judge(data, web({ volumes: moved }))).not.toHaveProperty('warning');
  expect(judge(data, web({ volumes: [moved[1], { source: 'other', target: '/data/', shared: true }] }))).toEqual({
    note: '1.0.0 of web has uploads at /data, and the new version mounts other there: uploads stays, with its data',
    warning: true,
  });
});

test('what a container wrote into itself is named, but for scratch files and the folders of mounts [proves 6]', () => {
  const scratch = ['/tmp/a', '/run/x.pid', '/var/log/a', '/app/__pycache__/x.pyc', '/app/.cache/a', '/etc/hosts'];
  const mounted = [{ source: 'named', target: '/data/db' }];
  const quiet = held({ mounted, changed: [...scratch, '/data/db', '/data'] });
  expect(judge(quiet, web(mount('named', '/data/db')))).not.toHaveProperty('warning');
  const files = Array.from({ length: 7 }, (_, index) => `/app/${index}.sqlite`);
  expect(judge(held({ changed: [...scratch, ...files] }))).toMatchObject({
    note: expect.stringContaining(
      'wrote /app/0.sqlite, /app/1.sqlite, /app/2.sqlite, /app/3.sqlite, /app/4.sqlite and 2 more',
    ) as string,
    warning: true,
  });
});

test('a volume to which another environment writes is named, also before a first release [proves 6]', () => {
  const sharing = [{ source: 'uploads', container: 'shop-staging-web-blue-1' }];
  expect(judgeData([], { config: web(), filled: [], copies: false, sharing })).toEqual({
    note:
      'shop-staging-web-blue-1 of another environment writes to uploads, too: give each a volume of its own under `environments`, ' +
      'unless they are meant to share it',
    warning: true,
  });
});
