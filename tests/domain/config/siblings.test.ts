import { appConfigSchema } from '../../../domain/config';
import { configurationWarnings } from '../../../domain/config/warnings';

const told = (env: Record<string, string>) => {
  const image = (name: string) => ({ image: `${name}:{version}`, port: 80 });
  const services = { web: { ...image('web'), env }, api: image('api'), 'pdf-maker': image('pdf-maker') };
  const config = appConfigSchema.parse({ version: 1, app: 'shop', services });
  return configurationWarnings(config).filter((warning) => warning.includes('.env.'));
};

test.each([
  'http://api-{slot}:8080',
  'http://pdf-maker-{slot}',
  'api-{slot}',
  'http://api-{slot}:8080,http://pdf-maker-{slot}:80/',
  'jobs-{slot}',
  'shop/cache-{slot}.db',
  'http://example.com/api2-{slot}',
  '{{ap-{slot}}}',
])('%j is fine [proves siblings]', (url) => expect(told({ URL: url })).toEqual([]));

test.each([
  ['http://apj-{slot}:8080', 'names apj-{slot}, but there is no service apj; did you mean api-{slot}?'],
  ['http://pdfmaker-{slot}', 'did you mean pdf-maker-{slot}?'],
  ['http://billing-{slot}/v1', 'there is no service billing; write one of web, api, pdf-maker'],
  ['postgres://user@bd-{slot}/shop', 'there is no service bd'],
  ['apl-{slot}', 'did you mean api-{slot}?'],
  ['http://api-{slot}:80,http://apo-{slot}:80', 'services.web.env.URL names apo-{slot}'],
])('%j names a service that is not there, which is told [proves siblings]', (url, warning) => {
  expect(told({ URL: url })).toEqual([expect.stringContaining(warning)]);
});

test('a plain name of another service is answered with what to write [proves siblings]', () => {
  expect(told({ URL: 'http://api:8080' })).toEqual([
    expect.stringContaining('names the host api, which nothing has: it is api-blue or api-green; write api-{slot}'),
  ]);
});

test('the name of a service that `hosts` gives to something else is fine [proves siblings]', () => {
  const image = { image: 'web:{version}', port: 80 };
  const web = { ...image, env: { URL: 'http://api:8080' }, hosts: { api: '10.0.0.5' } };
  const config = appConfigSchema.parse({ version: 1, app: 'shop', services: { web, api: image } });
  expect(configurationWarnings(config).filter((warning) => warning.includes('.env.'))).toEqual([]);
});

test('a typo in a command is told as well [proves siblings]', () => {
  const image = { image: 'web:{version}', port: 80 };
  const web = { ...image, command: ['serve', '--api=http://apj-{slot}:8080'] };
  const config = appConfigSchema.parse({ version: 1, app: 'shop', services: { web, api: image } });
  expect(configurationWarnings(config)).toContainEqual(
    expect.stringContaining(
      'services.web.command[1] names apj-{slot}, but there is no service apj; did you mean api-{slot}?',
    ),
  );
});
