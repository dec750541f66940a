import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Test } from 'tap';
import { now } from './clock.ts';
import type { Target } from './target.ts';

export interface EchoServer {
  readonly target: Target;
  readonly server: Server;
  /** By `host:port` of the client, how many requests its connection carried. */
  readonly perConnection: Map<string, number>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, answer: () => void) => void;

/** Answers as the Pods of the cluster test do. It ends with the test. */
export async function echoServer(t: Test, handler: Handler = (_request, _response, answer) => answer()) {
  const perConnection = new Map<string, number>();
  const server = createServer((request, response) => {
    const receivedAt = now();
    const client = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    perConnection.set(client, (perConnection.get(client) ?? 0) + 1);
    const sha256 = createHash('sha256');
    let length = 0;
    request.on('data', (bytes: Buffer) => {
      sha256.update(bytes);
      length += bytes.length;
    });
    request.on('end', () =>
      handler(request, response, () => {
        response.writeHead(200, {
          'x-pod': 'shop-abc-1',
          'x-pod-hash': 'abc',
          'x-version': '1.0',
          'x-received-at': String(receivedAt),
          'x-request-id': request.headers['x-request-id'],
        });
        response.end(request.method === 'POST' ? JSON.stringify({ length, sha256: sha256.digest('hex') }) : 'hello\n');
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { target: { host: '127.0.0.1', port }, server, perConnection } satisfies EchoServer;
}
