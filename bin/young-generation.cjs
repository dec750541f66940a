const v8 = require('node:v8');

/**
 * Megabytes of each of the two halves. Little of what a request makes outlives it, so that collecting often costs no more than seldom;
 * by itself V8 lets it grow to 32 MB, which stay, and whose collection holds up 1,000 busy connections for 30 ms (bench/NOTES.md).
 */
const SEMI_SPACE = 2;

/**
 * Flags of V8 that keep the young generations small; none where whoever starts Node.js has chosen.
 * @param {string} given options of Node.js, separated by spaces
 * @returns {string[]}
 */
exports.flags = (given) => {
  if (/semi[-_]space/.test(given)) return [];
  return [
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
