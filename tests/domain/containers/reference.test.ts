import { originOf, registryName, splitReference } from '../../../domain/containers/reference';

test.each([
  ['nginx', { repository: 'nginx' }],
  ['nginx:1.27', { repository: 'nginx', tag: '1.27' }],
  ['127.0.0.1:5000/shop', { repository: '127.0.0.1:5000/shop' }],
  ['127.0.0.1:5000/shop:1.2.3', { repository: '127.0.0.1:5000/shop', tag: '1.2.3' }],
  ['shop:1@sha256:ab', { repository: 'shop', tag: '1', digest: 'sha256:ab' }],
])('%s is taken apart at its tag, not at the port of its registry', (reference, parts) =>
  expect(splitReference(reference)).toEqual(parts),
);

const pinned = { service: 'web', digest: 'sha256:ab', size: 1 };

test('a registry is asked for exactly the image that was pinned, whatever its tag stands for by now', () => {
  expect(registryName({ ...pinned, reference: 'ghcr.io/shop/api:1.2.3' })).toBe('ghcr.io/shop/api@sha256:ab');
});

test.each([
  ['shop-api:1.2.3', 'engine'],
  ['library/nginx:1.27', 'engine'],
  ['ghcr.io/shop/api:1.2.3', 'registry'],
  ['localhost/shop/api:1.2.3', 'registry'],
  ['nginx@sha256:ab', 'registry'],
])('an image %s that was pinned without saying by whom is taken for one of the %s', (reference, from) =>
  expect(originOf({ ...pinned, reference })).toBe(from),
);

test('an image that says by whom it was pinned is believed', () => {
  expect(originOf({ ...pinned, reference: 'ghcr.io/shop/api:1.2.3', from: 'engine' })).toBe('engine');
});
