import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { TlsClientSocket } from './tls-client-socket.ts';

/** Ends a connection so that the other side sees that something is missing. */
export function resetSocket(socket: Socket): void {
  // To an upstream Node cannot reset TLS; an end without close_notify says so by itself.
  if (socket instanceof TLSSocket && !(socket instanceof TlsClientSocket)) socket.destroy();
  else socket.resetAndDestroy();
}
