import { bracesHint } from '../../../starters/file/errors';

test.each([
  ['- {version} serve # now', '{version} serve'],
  ['{ command: [serve, --tag {version}], port: 80 }', '--tag {version}'],
  ['{ env: { A: v1 {slot}, B: c } }', 'v1 {slot}'],
  ['image: {registry}/shop:{version}', '{registry}/shop:{version}'],
  ['  - - A: {slot} and {version}', '{slot} and {version}'],
])('where %s is no YAML, the text to put in quotes is named [proves 11]', (line, text) => {
  expect(bracesHint(`version: 1\n${line}\n`, 12)).toContain(`; write "${text}" in quotes`);
});

test.each(['a: {version}', '{ a: {b}, c: d }', 'a: "x {version}" b', 'a: b # {version} x', '[a, {b: c d}'])(
  'where %s is no YAML, no quotes are missing around braces',
  (line) => expect(bracesHint(`version: 1\n${line}\n`, 12)).toBe(''),
);
