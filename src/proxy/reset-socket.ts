import type { Socket } from 'node:net';
import { isTlsClient } from './tls-client-socket.ts';

/** Ends a connection so that the other side sees that something is missing. */
export function resetSocket(socket: Socket): void {
  // `encrypted` is what Node tells TLS by. To an upstream it cannot reset TLS; an end without close_notify says so by itself.
  if ('encrypted' in socket && !isTlsClient(socket)) socket.destroy();
  else socket.resetAndDestroy();
}
