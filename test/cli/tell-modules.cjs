// Required before a program: tells each package and each file of the project that a thread loads, and each module of Node.js that such a file
// imports, a line each on standard error.
const { registerHooks } = require('node:module');
const { writeSync } = require('node:fs');
const { threadId } = require('node:worker_threads');

const told = new Set();

function tell(name) {
  if (name === undefined || told.has(name)) return;
  told.add(name);
  writeSync(2, `${threadId === 0 ? 'main' : 'worker'} ${name}\n`);
}

registerHooks({
  resolve(specifier, context, next) {
    const ours = /\/src\//.test(context.parentURL ?? '') && !/\/node_modules\//.test(context.parentURL);
    if (ours && specifier.startsWith('node:')) tell(specifier);
    return next(specifier, context);
  },
  load(url, context, next) {
    const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? /(\/src\/.+)$/.exec(url) ?? [];
    tell(name);
    return next(url, context);
  },
});
