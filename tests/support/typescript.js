/*
 * `node -r tests/support/typescript.js FILE.ts`: runs the sources themselves, so that a test which starts a process
 * never meets a stale build. What swc made of a file is kept by the file's content: processes are started hundreds of
 * times, and loading swc alone takes a tenth of a second.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { version } = require('@swc/core/package.json');

const CACHE = join(__dirname, '../../node_modules/.cache/spillway-sources');
const SETTINGS = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
  swcrc: false,
};
const MADE_BY = `${version} ${JSON.stringify(SETTINGS)}`;

require.extensions['.ts'] = (module, filename) => {
  module._compile(compiled(filename, readFileSync(filename, 'utf8')), filename);
};

function compiled(filename, source) {
  // With its path, which stands in the source map.
  const key = createHash('sha256').update(`${MADE_BY}\n${filename}\n${source}`).digest('hex');
  const file = join(CACHE, key);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    const { code } = require('@swc/core').transformSync(source, { ...SETTINGS, filename });
    mkdirSync(CACHE, { recursive: true });
    // By rename: a process that starts meanwhile sees no part of it.
    writeFileSync(`${file}.${process.pid}`, code);
    renameSync(`${file}.${process.pid}`, file);
    return code;
  }
}
