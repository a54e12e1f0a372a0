/*
 * Copies the libraries of the backend from this checkout's node_modules into its build context, since the build has
 * neither network nor registry. In an app of your own, `npm ci --omit=dev` in the context does the same.
 *
 * Usage: node prepare.js [FOLDER WITH backend/]
 */
const { cpSync, existsSync, mkdirSync, readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const LIBRARIES = ['pg', 'ws'];

/** Folder of a package as Node would find it from `from`. */
function find(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) throw new Error(`expected ${name} in node_modules above ${from}; run npm ci first`);
  }
}

function closure(names, from, found = new Map()) {
  for (const name of names) {
    if (found.has(name)) continue;
    const folder = find(name, from);
    found.set(name, folder);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    closure(Object.keys(dependencies), folder, found);
  }
  return found;
}

const target = join(process.argv[2] ?? __dirname, 'backend', 'node_modules');
mkdirSync(target, { recursive: true });
for (const [name, folder] of closure(LIBRARIES, __dirname)) cpSync(folder, join(target, name), { recursive: true });
console.log(`libraries for the backend are in ${target}`);
