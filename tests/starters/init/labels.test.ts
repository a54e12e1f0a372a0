import { caddyRouting } from '../../../starters/init/labels/caddy';
import { nginxProxyRouting } from '../../../starters/init/labels/nginx-proxy';
import { entryPointsOf, traefikRouting } from '../../../starters/init/labels/traefik';
import { waysOfOldRule, waysOfRule } from '../../../starters/init/labels/traefik-rule';

const way = (hosts: string[], paths: string[] = [], others: string[] = [], exact: string[] = []) => ({
  hosts,
  paths,
  exact,
  others,
});

describe('a rule of Traefik', () => {
  test.each([
    ['Host(`a.com`)', [way(['a.com'])]],
    ['Host(`A.com`) && PathPrefix(`/api`)', [way(['a.com'], ['/api'])]],
    ['Host("a.com", "b.com")', [way(['a.com']), way(['b.com'])]],
    ['Host(`a.com`) || Host(`b.com`)', [way(['a.com']), way(['b.com'])]],
    ['Host(`a.com`) && (PathPrefix(`/x`) || Path(`/y`))', [way(['a.com'], ['/x']), way(['a.com'], [], [], ['/y'])]],
    [
      '(Host(`a.com`)||Host(`b.com`))&&PathPrefix(`/x`,`/y`)',
      ['a.com', 'b.com'].flatMap((host) => ['/x', '/y'].map((path) => way([host], [path]))),
    ],
    ['Host(`a.com`) && !PathPrefix(`/admin`)', [way(['a.com'], [], ['!PathPrefix(`/admin`)'])]],
    ['HostRegexp(`^.+\\.a\\.com$`)', [way(['*.a.com'])]],
    ['HostRegexp(`{sub:[a-z]+}.a.com`)', [way(['*.a.com'])]],
    ['HostRegexp(`^(a|b)\\.com$`)', [way([], [], ['HostRegexp(`^(a|b)\\.com$`)'])]],
    ['Headers(`X-A`, `1`) || Host(`b.com`)', [way([], [], ['Headers(`X-A`, `1`)']), way(['b.com'])]],
  ])('%s is read', (rule, ways) => expect(waysOfRule(rule)).toEqual(ways));

  test.each(['', 'Host(`a.com`', 'Host(`a.com`) &&', 'Host a.com', '&& Host(`a`)', 'Host(`a`))', 'Host(&&)'])(
    '%s is not read',
    (rule) => expect(waysOfRule(rule)).toBeUndefined(),
  );

  test('of its first version is read', () => {
    expect(waysOfOldRule('Host:a.com,b.com;PathPrefixStrip:/api')).toEqual({
      ways: [way(['a.com'], ['/api']), way(['b.com'], ['/api'])],
      strips: true,
    });
  });

  test('that would have hundreds of ways is not', () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `Host(\`h${index}.com\`)`).join(' || ');
    expect(waysOfRule(`(${hosts}) && (PathPrefix(\`/a\`) || PathPrefix(\`/b\`))`)).toBeUndefined();
  });
});

describe('labels of Traefik', () => {
  const shop = (more: Record<string, string> = {}) => ({
    'traefik.enable': 'true',
    'traefik.http.routers.shop.rule': 'Host(`shop.example.com`) && PathPrefix(`/api`)',
    'traefik.http.services.shop.loadbalancer.server.port': '3000',
    ...more,
  });

  test('give host, path and port [proves 14]', () => {
    expect(traefikRouting(shop(), {})).toEqual({
      router: 'Traefik',
      routes: [{ port: 80, host: 'shop.example.com', path: '/api' }],
      port: 3000,
      doubts: [],
    });
  });

  test.each([
    [{ 'traefik.http.routers.shop.entrypoints': 'websecure' }, {}, [443]],
    [{ 'traefik.http.routers.shop.entryPoints': 'web,websecure' }, {}, [80, 443]],
    [{ 'traefik.http.routers.shop.tls': 'true' }, {}, [443]],
    [{ 'traefik.http.routers.shop.tls.certresolver': 'le' }, {}, [443]],
    [{ 'traefik.http.routers.shop.entrypoints': 'admin' }, { admin: 8443 }, [8443]],
    [{ 'traefik.http.routers.shop.entrypoints': 'web' }, { web: 8080 }, [8080]],
    [{ 'traefik.http.routers.shop.entrypoints': 'unknown' }, {}, []],
  ])('listen where the entry points %j do', (labels, entryPoints, ports) => {
    const routing = traefikRouting(shop(labels as Record<string, string>), entryPoints);
    expect(routing?.routes.map(({ port }) => port)).toEqual(ports);
  });

  test.each([
    [
      'basic authentication',
      { 'traefik.http.routers.shop.middlewares': 'auth', 'traefik.http.middlewares.auth.basicauth.users': 'x' },
      'pass `auth` first',
    ],
    [
      'a list of addresses',
      {
        'traefik.http.routers.shop.middlewares': 'office',
        'traefik.http.middlewares.office.ipallowlist.sourcerange': '10.0.0.0/8',
      },
      'pass `office` first',
    ],
    ['a login elsewhere', { 'traefik.http.routers.shop.middlewares': 'authelia@file' }, 'pass `authelia@file` first'],
    [
      'a pattern of hosts',
      { 'traefik.http.routers.shop.rule': 'HostRegexp(`^shop-[0-9]+\\.example\\.com$`)' },
      'a route cannot',
    ],
    ['a header', { 'traefik.http.routers.shop.rule': 'Host(`a.com`) && Headers(`X-Beta`, `1`)' }, 'a route cannot'],
    ['an address', { 'traefik.http.routers.shop.rule': 'Host(`a.com`) && ClientIP(`10.0.0.0/8`)' }, 'a route cannot'],
    ['a rule that nobody can read', { 'traefik.http.routers.shop.rule': 'Host(shop' }, 'could not be read'],
    ['no rule', { 'traefik.http.routers.shop.rule': '' }, 'made up the rule'],
  ])('with %s open nothing to the world, and ask [proves 14]', (_, labels, text) => {
    const routing = traefikRouting(shop(labels as unknown as Record<string, string>), {});
    expect(routing?.routes).toEqual([]);
    expect(routing?.doubts).toEqual([{ importance: 'decide', text: expect.stringContaining(text) as string }]);
  });

  test('that change paths keep their route, and ask [proves 14]', () => {
    const routing = traefikRouting(
      shop({
        'traefik.http.routers.shop.middlewares': 'strip',
        'traefik.http.middlewares.strip.stripprefix.prefixes': '/api',
      }),
      {},
    );
    expect(routing?.routes).toHaveLength(1);
    expect(routing?.doubts[0]).toMatchObject({
      importance: 'decide',
      text: expect.stringContaining('changed the path') as string,
    });
  });

  test('are nothing where Traefik is told to leave it alone', () => {
    expect(traefikRouting(shop({ 'traefik.enable': 'false' }), {})).toBeUndefined();
    expect(traefikRouting({ 'com.example.team': 'shop' }, {})).toBeUndefined();
  });

  test('of its first version are read, with segments', () => {
    expect(
      traefikRouting({ 'traefik.frontend.rule': 'Host:a.com,b.com;PathPrefix:/x', 'traefik.port': '8080' }, {}),
    ).toMatchObject({
      port: 8080,
      routes: [
        { port: 80, host: 'a.com', path: '/x' },
        { port: 80, host: 'b.com', path: '/x' },
      ],
    });
    expect(
      traefikRouting(
        { 'traefik.api.frontend.rule': 'Host:a.com', 'traefik.api.port': '81', 'traefik.api.frontend.auth.basic': 'x' },
        {},
      ),
    ).toMatchObject({ port: 81, routes: [] });
  });

  test('find the ports of entry points in the command of Traefik', () => {
    expect(
      entryPointsOf([
        '--entrypoints.web.address=:8080',
        '--entryPoints.admin.address=127.0.0.1:9443/tcp',
        '--api=true',
      ]),
    ).toEqual({ web: 8080, admin: 9443 });
    expect(entryPointsOf(["--entryPoints='Name:http Address::81'"])).toEqual({ http: 81 });
  });
});

describe('labels of Caddy', () => {
  test('give host, path and port [proves 14]', () => {
    expect(caddyRouting({ caddy: 'shop.example.com', 'caddy.reverse_proxy': '{{upstreams 3000}}' })).toMatchObject({
      port: 3000,
      routes: [{ port: 443, host: 'shop.example.com' }],
    });
  });

  test.each([
    [{ caddy: 'http://a.com', 'caddy.reverse_proxy': '{{upstreams}}' }, [{ port: 80, host: 'a.com' }]],
    [
      { caddy: 'a.com, b.com:8443' },
      [
        { port: 443, host: 'a.com' },
        { port: 8443, host: 'b.com' },
      ],
    ],
    [{ caddy: ':8080', 'caddy.reverse_proxy': '{{upstreams 80}}' }, [{ port: 8080 }]],
    [
      { caddy: 'a.com', 'caddy.reverse_proxy': '/api/* {{upstreams 80}}' },
      [{ port: 443, host: 'a.com', path: '/api' }],
    ],
    [
      { caddy_0: 'a.com', caddy_1: 'b.com', 'caddy_1.reverse_proxy': '{{upstreams}}' },
      [
        { port: 443, host: 'a.com' },
        { port: 443, host: 'b.com' },
      ],
    ],
    [
      { caddy: 'a.com', 'caddy.handle': '/x/*', 'caddy.handle.reverse_proxy': '{{upstreams 80}}' },
      [{ port: 443, host: 'a.com', path: '/x' }],
    ],
    [{ caddy: '*.a.com' }, [{ port: 443, host: '*.a.com' }]],
    [{ caddy: 'a.*.com' }, []],
    [{ caddy: 'a.com', 'caddy.basicauth.bob': 'x' }, []],
  ])('%j give routes', (labels, routes) =>
    expect(caddyRouting(labels as Record<string, string>)?.routes).toEqual(routes),
  );

  test('that change the path are asked about', () => {
    const { doubts } = caddyRouting({
      caddy: 'a.com',
      'caddy.handle_path': '/api/*',
      'caddy.handle_path.0_reverse_proxy': '{{upstreams 80}}',
    })!;
    expect(doubts.map(({ text }) => text).join()).toContain('changed or redirected requests by `handle_path`');
  });
});

describe('variables of nginx-proxy', () => {
  test('give host, path and port [proves 14]', () => {
    expect(
      nginxProxyRouting({
        VIRTUAL_HOST: 'a.com,b.com',
        VIRTUAL_PORT: '3000',
        VIRTUAL_PATH: '/x',
        LETSENCRYPT_HOST: 'a.com',
      }),
    ).toMatchObject({
      port: 3000,
      routes: [
        { port: 80, host: 'a.com', path: '/x' },
        { port: 443, host: 'a.com', path: '/x' },
        { port: 80, host: 'b.com', path: '/x' },
      ],
    });
  });

  test.each([
    [{ VIRTUAL_HOST: '~^www\\..*$' }, 'is a pattern'],
    [{ VIRTUAL_HOST: 'www.*' }, 'is a pattern'],
    [{ VIRTUAL_HOST: 'a.com', VIRTUAL_PROTO: 'fastcgi' }, 'spoke fastcgi'],
    [{ VIRTUAL_HOST: 'a.com', VIRTUAL_DEST: '/' }, 'changed the path'],
    [{ VIRTUAL_HOST_MULTIPORTS: 'a.com: {}' }, 'to several ports'],
  ])('%j are asked about', (variables, text) => {
    expect(nginxProxyRouting(variables as Record<string, string>)?.doubts).toEqual([
      { importance: 'decide', text: expect.stringContaining(text) as string },
    ]);
  });

  test('are nothing when there are none', () => expect(nginxProxyRouting({ PORT: '80' })).toBeUndefined());
});
