import { appConfigSchema } from '../../../domain/config';
import { explain, mistakesIn } from '../../../domain/config/mistakes';

const right = (canary: unknown, router: unknown = { kind: 'haproxy' }) => ({
  version: 1,
  app: 'shop',
  services: { backend: { image: 'shop/backend:{version}', port: 8080, routes: [{ port: 80 }] } },
  router,
  canary,
});
const mistakes = (input: unknown): string[] => {
  const { error } = appConfigSchema.safeParse(input, { error: explain });
  return error ? mistakesIn(error, input).map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
};

test('testers are known by one header or by one cookie', () => {
  for (const testers of [{ header: { name: 'X-Tester', value: 'yes' } }, { cookie: { name: 'qa.team', value: 'a_b' } }])
    expect(appConfigSchema.parse(right({ testers })).canary).toMatchObject({ testers, mirror: false });
});

test.each([
  [{ header: { name: 'X Tester', value: 'yes' } }, 'canary.testers'],
  [{ header: { name: 'X-Tester', value: "' or 1" } }, 'canary.testers'],
  [{ cookie: { name: 'a;b', value: 'yes' } }, 'canary.testers'],
  [{ header: { name: 'X-Tester' } }, 'canary.testers'],
  ['yes', 'canary.testers'],
])('what a router could not look for exactly is refused: %j', (testers, path) => {
  const [first] = mistakes(right({ testers }));
  expect(first).toMatch(new RegExp(`^${path}`));
});

test('a mirror is refused where the router has none, with what to do', () => {
  expect(mistakes(right({ mirror: true }))).toEqual([
    'canary.mirror: expected no mirror with haproxy, which can send a request to one version only: use `router.kind: nginx`, or leave it out',
  ]);
  expect(mistakes(right({ mirror: true }, { kind: 'nginx' }))).toEqual([]);
});
