import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import { pem } from './certificates.ts';
import { RawPeer } from './raw-peer.ts';

/** A client that trusts the tests' authority, before its handshake. Destroyed when the test ends. */
export function tlsSocket(t: Test, port: number, options: ConnectionOptions = {}): TLSSocket {
  // Node knows allowHalfOpen here; its types do not.
  const half = { host: '127.0.0.1', port, ca: pem('ca.crt'), servername: 'localhost', allowHalfOpen: true, ...options };
  const socket = connect(half);
  t.teardown(() => socket.destroy());
  return socket;
}

/** The same after its handshake, reading messages strictly. */
export async function tlsClient(t: Test, port: number, options: ConnectionOptions = {}): Promise<RawPeer> {
  const socket = tlsSocket(t, port, options);
  await once(socket, 'secureConnect');
  return new RawPeer(socket);
}
