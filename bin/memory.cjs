const v8 = require('node:v8');

/**
 * Megabytes of each of the two halves of a young generation. Little of what a request makes outlives it, so that collecting often costs no
 * more than seldom; by itself V8 lets it grow to 32 MB, which stay, and whose collection holds up 1,000 busy connections for 30 ms (bench/NOTES.md).
 */
const SEMI_SPACE = 2;

/**
 * Flags of V8 that save memory; those of the young generations only where whoever starts Node.js has not chosen their size.
 * @param {string} given options of Node.js, separated by spaces
 * @returns {string[]}
 */
exports.flags = (given) => {
  // What Maglev needed for a compilation is freed by the thread that has begun it: freed by another one, glibc keeps 10 MB of it.
  const always = ['--no-maglev-destroy-on-background'];
  if (/semi[-_]space/.test(given)) return always;
  return [
    ...always,
    // Workers, whose heaps are yet to be made, begin with it, and end with it.
    `--min-semi-space-size=${SEMI_SPACE}`,
    `--max-semi-space-size=${SEMI_SPACE}`,
    // The main thread's heap is there already, and small: V8 asks by what factor to let it grow whenever it would.
    '--semi-space-growth-factor=1',
  ];
};

/** Before anything is loaded, since that makes the most garbage of all. */
exports.limit = () => {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  for (const flag of exports.flags(given)) v8.setFlagsFromString(flag);
};
