import { writeFileSync } from 'node:fs';
import { registerInit } from '../../../starters/init';
import { command } from '../../support/in-process';
import { inFolder, proposed } from './proposed';

inFolder();

test.each([
  ['${REGISTRY}/web:${TAG}', 'registry/web:{version}', 'REGISTRY had no value'],
  ['${REGISTRY:?say which}/web:${TAG:?}', 'registry/web:{version}', 'REGISTRY had no value'],
  ['${DOCKER_HUB_ORG}web:1.2.3', 'docker-hub-org/web:{version}', 'DOCKER_HUB_ORG had no value'],
  ['${WEB_IMAGE}', 'web-image:{version}', 'WEB_IMAGE had no value'],
  ['ghcr.io/${ORG}/web-${KIND}:v${TAG}', 'ghcr.io/org/web-kind:v{version}', 'ORG, KIND had no value'],
])(
  'the image %s without values is proposed as %s, and asked for by name [proves 12]',
  async (image, expected, asked) => {
    const { services, asked: said } = await proposed(`services: {web: {image: "${image}", ports: ["80:80"]}}`);
    expect(services.web).toMatchObject({ image: expected });
    expect(said).toContain(asked);
  },
);

test('a tag without a value is the version, and nobody is asked about it [proves 12]', async () => {
  const { services, asked } = await proposed('services: {web: {image: "acme/web:$TAG", ports: ["80:80"]}}');
  expect(services.web).toMatchObject({ image: 'acme/web:{version}' });
  expect(asked).not.toContain('TAG');
});

test('a project of which nothing can be released says why for each service, with its place [proves 18]', async () => {
  writeFileSync('compose.yaml', 'services: {web: {image: [a], healthcheck: x}, db: {image: "postgres:16"}}');
  expect((await command(registerInit, 'init')).stderr).toMatch(
    /web: it has neither .*; db: its image is postgres:16, a database; services.web.image: expected a text, seen a list; services.web.healthcheck: /,
  );
});

test('a project that only includes what lies elsewhere names the address [proves 18]', async () => {
  writeFileSync('compose.yaml', 'include: ["https://example.com/c.yaml"]');
  expect((await command(registerInit, 'init')).stderr).toContain('https://example.com/c.yaml was not read');
});

test('three hundred services that ask for the same port lead to a proposal and one question [proves 11]', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `  s${index}: *base\n`);
  const { services, asked } = await proposed(
    `x-base: &base {image: acme/web:1.2.3, ports: ["80:80"]}\nservices:\n${names.join('')}`,
  );
  expect(Object.keys(services)).toHaveLength(300);
  expect(asked.match(/^\?/gm)).toHaveLength(1);
});
