import type { ListenAddress } from '../config/config.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: end the process that has it, or set another admin.port',
  EADDRNOTAVAIL: 'is not an address of this machine: set another admin.address',
  EACCES: 'is not allowed to this user: set an admin.port of 1024 or above',
};

/** The admin server cannot listen. `code` is that of the system: `EADDRINUSE` and the like. */
export class ListenError extends Error {
  readonly code: string;

  constructor({ address, port }: ListenAddress, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? 'UNKNOWN';
    super(`admin: ${address}:${port} ${REMEDIES[code] ?? `cannot be listened on (${cause.message})`}`, { cause });
    this.name = 'ListenError';
    this.code = code;
  }
}
