import type { Socket } from 'node:net';

/** Ends a connection so that the other side sees that something is missing. */
export function resetSocket(socket: Socket): void {
  // A TLS connection that ends without close_notify says so by itself, and Node cannot reset one.
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
