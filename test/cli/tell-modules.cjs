// Required before a program: tells each package, each file of the project and each module of Node.js that a thread imports, a line each on standard error.
const { registerHooks } = require('node:module');
const { writeSync } = require('node:fs');
const { threadId } = require('node:worker_threads');

const told = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? /(\/src\/.+|^node:.+)$/.exec(url) ?? [];
    if (name !== undefined && !told.has(name)) {
      told.add(name);
      writeSync(2, `${threadId === 0 ? 'main' : 'worker'} ${name}\n`);
    }
    return next(url, context);
  },
});
