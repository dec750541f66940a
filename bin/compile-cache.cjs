const { constants, enableCompileCache } = require('node:module');
const { join } = require('node:path');

/**
 * Lets Node.js keep what it compiles, and types that it stripped, for the next start: half of a start's work, and the stripper need not be
 * loaded (35 MB). Kept beside the program: whoever may write there may change the program as well. Where nobody may, or another
 * folder was chosen, this changes nothing.
 * @param {string} root of the package
 */
exports.enable = (root) => {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return;
  const folder = join(root, 'node_modules', '.cache', 'compile');
  if (enableCompileCache(folder).status !== constants.compileCacheStatus.ENABLED) return;
  // Worker threads look for it here.
  process.env.NODE_COMPILE_CACHE = folder;
};
