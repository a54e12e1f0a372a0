import { fill, hasPlace } from '../../../domain/containers/placeholders';

const places = { slot: 'green', version: '1.2.0', release: '20261130-1.2.0-abcd' };

test.each([
  ['http://api-{slot}:8080', 'http://api-green:8080'],
  ['{slot}{slot}', 'greengreen'],
  ['{version} of {release} in {slot}', '1.2.0 of 20261130-1.2.0-abcd in green'],
  ['postgres://api-{slot}/db?application_name=web-{version}', 'postgres://api-green/db?application_name=web-1.2.0'],
  ['["http://a-{slot}","http://b-{slot}"]', '["http://a-green","http://b-green"]'],
  ['{"url":"http://a-{slot}"}', '{"url":"http://a-green"}'],
])('%j names the slot and version that the container is of [proves siblings]', (text, filled) => {
  expect(fill(text, places)).toBe(filled);
  expect(hasPlace(text)).toBe(true);
});

test.each([
  '{"slot":1}',
  '{ slot }',
  '{Slot}',
  '{service}',
  '{}',
  '${version}',
  '#{version}',
  '%{version}',
  '{{version}}',
  '{{ slot }}',
  '@{slot}',
  '{version',
  'slot',
  '',
])('%j stays as it is [proves siblings]', (text) => {
  expect(fill(text, places)).toBe(text);
  expect(hasPlace(text)).toBe(false);
});

test('what is put in is not looked at again', () => {
  expect(fill('{version}', { ...places, version: '{slot}' })).toBe('{slot}');
});
