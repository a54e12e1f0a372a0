import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openerOn, picturesIn, removeAllButPictures } from '../../examples/pictures';

test('the pictures that the demo names stay where they are, and nothing else does [proves ui]', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-demo-'));
  const reports = join(directory, 'state/fx-demo/production/reports/20261130-1.2.0');
  await mkdir(reports, { recursive: true });
  await mkdir(join(directory, 'fx/docs'), { recursive: true });
  const picture = join(reports, 'canary-10.svg');
  for (const file of [picture, join(directory, 'temporal.db'), join(directory, 'fx/docs/logo.svg')])
    await writeFile(file, '<svg/>');

  await removeAllButPictures(directory);

  expect(await picturesIn(directory)).toEqual([picture]);
  const left = await readdir(directory, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(['canary-10.svg']);
  await rm(directory, { recursive: true });
});

test.each<[string, NodeJS.Platform, NodeJS.ProcessEnv, boolean, string | undefined]>([
  ['a Mac', 'darwin', {}, true, 'open'],
  ['a desktop of Linux', 'linux', { DISPLAY: ':0' }, true, 'xdg-open'],
  ['Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, true, 'xdg-open'],
  ['a server', 'linux', {}, true, undefined],
  ['CI', 'darwin', { CI: 'true' }, true, undefined],
  ['a pipe', 'darwin', {}, false, undefined],
])('on %s, a kept demo opens its last picture only where somebody sees it [proves ui]', (...given) => {
  const [, platform, env, isTerminal, program] = given;
  expect(openerOn(platform, env, isTerminal)).toBe(program);
});
