import { once } from 'node:events';
import { connect } from 'node:net';
import type { Test } from 'tap';
import { RawPeer } from './raw-peer.ts';

export interface RawClientOptions {
  readonly host?: string;
  /** Source address. */
  readonly localAddress?: string;
}

/** A connected client that may half-close. Destroyed when the test ends. */
export async function rawClient(t: Test, port: number, options: RawClientOptions = {}): Promise<RawPeer> {
  const socket = connect({ host: '127.0.0.1', ...options, port, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return new RawPeer(socket);
}
