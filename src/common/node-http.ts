/**
 * `node:http`, not imported: an import reads every export of a builtin, one of which is a getter that loads the whole of undici that Node.js has in
 * it, 60 ms and 14 MB for each thread.
 */
export const http = process.getBuiltinModule('node:http');
