const CODES = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/**
 * Whether a connection could not begin for want of something on this machine: a descriptor, a port, memory. That says nothing of
 * the other side, and whoever floods this one could have every endpoint left out otherwise.
 * @param code of the system
 */
export function isOwnFault(code: string): boolean {
  return CODES.has(code);
}
