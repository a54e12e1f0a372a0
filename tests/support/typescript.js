/*
 * `node -r tests/support/typescript.js FILE.ts`: runs the sources themselves, so that a test which starts a process
 * never meets a stale build. Processes are started hundreds of times, and compiling is a quarter of what a start costs.
 * So what swc made of a file is kept by the file's content, and what V8 made of that and of every library is kept too.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join } = require('node:path');
const { constants, Script } = require('node:vm');
const { threadId } = require('node:worker_threads');
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
  const file = fileFor(MADE_BY, filename, source);
  const known = read(file);
  if (known) return known.toString();
  const { code } = require('@swc/core').transformSync(source, { ...SETTINGS, filename });
  write(file, code);
  return code;
}

const compiledNow = new Map();
// At the end, when V8 has also compiled the functions that were called.
process.on('exit', () => compiledNow.forEach((script, file) => write(file, script.createCachedData())));

const compile = Module.prototype._compile;

/** Does what Node.js does, with the code that V8 made of the same text before. */
Module.prototype._compile = function (content, filename, format) {
  if (format === 'module') return compile.call(this, content, filename, format);
  const file = fileFor(`V8 ${process.versions.v8}`, filename, content);
  const cachedData = read(file);
  const script = new Script(Module.wrap(content.replace(/^#!.*/, '')), {
    filename,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (!cachedData || script.cachedDataRejected) compiledNow.set(file, script);
  const require = (id) => this.require(id);
  require.resolve = (id, options) => Module._resolveFilename(id, this, false, options);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return script.runInThisContext().call(this.exports, this.exports, require, this, filename, dirname(filename));
};

function fileFor(...parts) {
  return join(CACHE, createHash('sha256').update(parts.join('\n')).digest('hex'));
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function write(file, content) {
  mkdirSync(CACHE, { recursive: true });
  // By rename: a process that starts meanwhile sees no part of it.
  const part = `${file}.${process.pid}-${threadId}`;
  writeFileSync(part, content);
  renameSync(part, file);
}
