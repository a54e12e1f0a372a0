import { isNamed, userMistake } from '../../../domain/containers/image-user';

const passwd = [
  'root:x:0:0:root:/root:/bin/sh',
  'toor:x:0:0:another root:/root:/bin/sh',
  'app:x:10001:0:app:/app:/bin/sh',
  '  spaced:x:10002:10002::/:',
  'bad:x::10003::/:',
  'word:x:none:10003::/:',
  'twice:x:0:0::/:',
  'twice:x:10004:0::/:',
  'huge:x:4294967296:0::/:',
  'short',
].join('\n');
const files = { passwd, group: 'root:x:0:\nstaff:x:50:app' };

test.each([
  ['toor', 'which its /etc/passwd makes root'],
  ['toor:staff', 'which its /etc/passwd makes root'],
  ['toor:50', 'which its /etc/passwd makes root'],
  ['bad', 'which its /etc/passwd makes root'],
  ['word', 'which its /etc/passwd makes root'],
  ['short', 'which its /etc/passwd makes root'],
  ['twice', 'which its /etc/passwd makes root'],
  ['', 'seen no USER'],
  [':50', 'seen USER :50'],
  ['root', 'seen USER root:'],
  ['0', 'seen USER 0:'],
  ['000:1000', 'seen USER 000:1000'],
  ['+0', 'seen USER +0'],
  ['-0', 'seen USER -0'],
  // Docker 20.10 starts these as root.
  ['4294967296', 'seen USER 4294967296'],
  ['huge', 'which its /etc/passwd makes root'],
])('an image with USER %j is refused, because the id of its user is 0 [proves toor]', (user, seen) => {
  expect(userMistake(user, files, true)).toContain(`expected a user other than root, `);
  expect(userMistake(user, files, true)).toContain(seen);
});

test.each(['app', 'app:root', 'app:0', '10001', '10001:staff', 'spaced', '1000:0', '99999'])(
  'an image with USER %j passes, whatever its group',
  (user) => expect(userMistake(user, files, true)).toBeUndefined(),
);

test.each([
  ['nobody', 'expected the user nobody in its /etc/passwd, seen USER nobody'],
  ['nobody:staff', 'expected the user nobody in its /etc/passwd'],
  ['App', 'expected the user App in its /etc/passwd'],
  ['app:wheel', 'expected the group wheel in its /etc/group, seen USER app:wheel'],
  ['4294967297', 'expected an id from 0 to 2147483647, seen USER 4294967297'],
  ['-1', 'expected an id from 0 to 2147483647'],
])('USER %j is told before the engine refuses to start it [proves toor]', (user, told) => {
  expect(userMistake(user, files, true)).toContain(told);
  expect(userMistake(user, files, false)).toContain(told);
});

test.each(['', 'root', '0', 'toor', 'bad'])('a policy that allows root accepts USER %j', (user) =>
  expect(userMistake(user, files, false)).toBeUndefined(),
);

test('an image without /etc/passwd has ids only', () => {
  expect(userMistake('65532:65532', {}, true)).toBeUndefined();
  expect(userMistake('app', {}, true)).toContain('expected the user app in its /etc/passwd');
  expect(userMistake('root', {}, true)).toContain('expected a user other than root');
});

test.each([
  ['', false],
  ['1000', false],
  ['1000:50', false],
  ['app', true],
  ['1000:staff', true],
])('only a name needs the files of the image: %j %p', (user, is) => expect(isNamed(user)).toBe(is));
