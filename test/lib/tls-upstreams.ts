import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Test } from 'tap';
import { type CertificateName, pem } from './certificates.ts';
import { RawPeer } from './raw-peer.ts';
import type { Script } from './upstreams.ts';

export interface TlsUpstreamOptions extends TlsOptions {
  /** Default `server`. */
  readonly certificate?: CertificateName;
}

export interface TlsUpstream {
  readonly port: number;
  readonly peers: RawPeer[];
  readonly sockets: TLSSocket[];
  /** TCP connections, whatever became of their handshakes. */
  connections: number;
}

/** Raw bytes under TLS: like rawUpstream. */
export async function tlsUpstream(t: Test, script: Script, options: TlsUpstreamOptions = {}): Promise<TlsUpstream> {
  const { certificate = 'server', ...rest } = options;
  const upstream: TlsUpstream = { port: 0, peers: [], sockets: [], connections: 0 };
  const all = { cert: pem(`${certificate}.crt`), key: pem(`${certificate}.key`), noDelay: true, ...rest };
  const server = createServer(all, (socket) => {
    // Not an option of the server: Node would keep the socket of a client that leaves within its handshake.
    socket.allowHalfOpen = true;
    upstream.sockets.push(socket);
    const peer = new RawPeer(socket);
    const index = upstream.peers.push(peer) - 1;
    Promise.resolve(script(peer, index)).catch((error: unknown) => {
      if (!peer.closed) throw error;
    });
  });
  server.on('connection', () => {
    upstream.connections += 1;
  });
  t.teardown(() => {
    server.close();
    for (const peer of upstream.peers) peer.socket.destroy();
  });
  return Object.assign(upstream, { port: await listening(server) });
}

/** Answers each request with the method, the target and what the client asked for by SNI. */
export async function httpsUpstream(t: Test, certificate: CertificateName = 'server'): Promise<number> {
  const server = createHttpsServer(
    { cert: pem(`${certificate}.crt`), key: pem(`${certificate}.key`) },
    (request, response) => {
      const { socket } = request;
      const name = 'servername' in socket ? String(socket.servername) : '';
      response.end(`${request.method} ${request.url} ${name}`);
    },
  );
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return listening(server);
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
