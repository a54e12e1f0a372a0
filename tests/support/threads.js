/*
 * Threads that the sources start in a test run the sources, too: Jest compiles only what it loads itself. A process that
 * was started with `-r typescript.js` hands that on to its threads by itself.
 */
const threads = require('node:worker_threads');

const PRELOAD = ['-r', require.resolve('./typescript.js')];

if (!threads.Worker.runsSources) {
  threads.Worker = class extends threads.Worker {
    static runsSources = true;

    constructor(file, options) {
      super(file, String(file).endsWith('.ts') ? { execArgv: PRELOAD, ...options } : options);
    }
  };
}
