/*
 * What Node.js brings along and not every process needs. Nothing here is imported: an import loads a module with the file that has it, and reads every
 * export of it.
 */

/** An import would load all of undici that Node.js has in it, for the export WebSocket is a getter: 60 ms and 14 MB for each thread. */
export const nodeHttp = (): typeof import('node:http') => process.getBuiltinModule('node:http');

/** Loaded by the first call: with node:crypto 4 MB, and 2 MB more for each thread. */
export const nodeTls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls');

/** Loaded by the first call. */
export const nodeCrypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto');
