import { appConfigSchema } from '../../../domain/config';
import { explain, mistakesIn } from '../../../domain/config/mistakes';

function mistakes(router: unknown): string[] {
  const services = { web: { image: 'shop/web:{version}', port: 8080, routes: [{ port: 443 }] } };
  const input = { version: 1, app: 'shop', services, router };
  const { error } = appConfigSchema.safeParse(input, { error: explain });
  return error ? mistakesIn(error, input).map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
}

const ports = [443];

test.each([
  { kind: 'haproxy', directory: '/srv/größe/spillway' },
  { kind: 'haproxy', attach: { masterSocket: '/run/a b.sock', directory: '/srv/größe' } },
  { kind: 'haproxy', tls: { certificates: `/etc/ssl/it's "mine"; {1}`, ports } },
  { kind: 'nginx', attach: { directory: `/etc/nginx/it's mine` } },
  { kind: 'nginx', tls: { certificate: `/etc/ssl/it's.pem`, key: '/etc/ssl/a b\\c.key', ports } },
  {
    kind: 'nginx',
    attach: { directory: '/etc/nginx/d' },
    tls: { certificate: 'ssl/a:b.pem', key: 'ssl/k.pem', ports },
  },
])('paths that a router’s file can hold are taken: %j [proves 5]', (router) => {
  expect(mistakes(router)).toEqual([]);
});

test.each([
  [{ kind: 'haproxy', directory: '/srv/a b' }, 'router.directory'],
  [{ kind: 'haproxy', directory: '/srv/größe' }, 'router.directory'],
  [{ kind: 'haproxy', directory: '/srv/a,b/c' }, 'router.directory'],
  [{ kind: 'haproxy', directory: '/srv/a"b/c' }, 'router.directory'],
  [{ kind: 'haproxy', directory: '/srv/$HOME/c' }, 'router.directory'],
  [{ kind: 'haproxy', directory: 'srv' }, 'router.directory'],
  [{ kind: 'haproxy', directory: '/' }, 'router.directory'],
  [{ kind: 'nginx', directory: '/srv/a;b/c' }, 'router.directory'],
  [{ kind: 'nginx', directory: '/srv/a:b/c' }, 'router.directory'],
  [{ kind: 'nginx', directory: '/srv/a\nb/c' }, 'router.directory'],
  [{ kind: 'haproxy', attach: { masterSocket: '/x.sock', directory: '/srv/a b' } }, 'router.attach.directory'],
  [{ kind: 'nginx', attach: { directory: '/srv/$a' } }, 'router.attach.directory'],
  [{ kind: 'nginx', attach: { directory: 'conf.d' } }, 'router.attach.directory'],
  [{ kind: 'haproxy', tls: { certificates: '/etc/$x', ports } }, 'router.tls.certificates'],
  [{ kind: 'haproxy', tls: { certificates: '/etc/a:b', ports } }, 'router.tls.certificates'],
  [{ kind: 'nginx', tls: { certificate: '/etc/$x', key: '/k', ports } }, 'router.tls.certificate'],
  [{ kind: 'nginx', tls: { certificate: '/c', key: '/k\ny', ports } }, 'router.tls.key'],
])('paths that a router’s file cannot hold are refused once: %j [proves 5]', (router, at) => {
  const said = mistakes(router);
  expect(said).toHaveLength(1);
  expect(said[0]!.startsWith(`${at}: expected `)).toBe(true);
});
