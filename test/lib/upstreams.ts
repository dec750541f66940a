import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { Test } from 'tap';
import type { Message } from './message.ts';
import { RawPeer } from './raw-peer.ts';

/** A request as Node's own parser, in strict mode, understood it: the second opinion on what the proxy sent. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** 0 for the first connection. */
  readonly connection: number;
}

export interface StrictUpstream {
  readonly port: number;
  /** Complete requests, in order. */
  readonly seen: SeenRequest[];
  /** Heads that arrived, complete requests or not. */
  begun: number;
  connections: number;
  /** Bytes that Node's parser refused. */
  readonly errors: string[];
}

export type Answer = (response: ServerResponse, request: SeenRequest, message: IncomingMessage) => void;

const OK: Answer = (response, { target }) => void response.end(target);

/** A node:http server that records what it gets. Answers 200 with the target as body unless told otherwise. */
export async function strictUpstream(t: Test, answer: Answer = OK): Promise<StrictUpstream> {
  const upstream: StrictUpstream = { port: 0, seen: [], begun: 0, connections: 0, errors: [] };
  const numbers = new WeakMap<object, number>();
  const server = createHttpServer({ insecureHTTPParser: false, requireHostHeader: true, keepAliveTimeout: 0 });
  server.on('connection', (socket) => numbers.set(socket, upstream.connections++));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The proxy ends a connection within a message when the client's part of it goes wrong: that is no parse error.
    if (error.code !== 'HPE_INVALID_EOF_STATE' && error.code !== 'ECONNRESET') upstream.errors.push(String(error.code));
    socket.destroy();
  });
  server.on('request', (message, response) => {
    upstream.begun += 1;
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('error', () => response.destroy());
    message.on('end', () => {
      const seen = recorded(message, chunks, numbers.get(message.socket) ?? -1);
      upstream.seen.push(seen);
      answer(response, seen, message);
    });
  });
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return Object.assign(upstream, { port: await listening(server) });
}

/** What the upstream does with one connection. `index` counts connections from 0. */
export type Script = (peer: RawPeer, index: number) => Promise<void> | void;

export interface RawUpstream {
  readonly port: number;
  readonly peers: RawPeer[];
  /** What went wrong in a script. */
  readonly errors: unknown[];
  readonly server: Server;
}

/** A server of raw bytes. A script whose connection ends under it just ends. */
export async function rawUpstream(t: Test, script: Script): Promise<RawUpstream> {
  const peers: RawPeer[] = [];
  const errors: unknown[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const peer = new RawPeer(socket);
    const index = peers.push(peer) - 1;
    Promise.resolve(script(peer, index)).catch((error: unknown) => {
      if (!peer.closed) errors.push(error);
    });
  });
  t.teardown(() => {
    server.close();
    for (const peer of peers) peer.socket.destroy();
  });
  return { port: await listening(server), peers, errors, server };
}

/** An upstream that answers every request with the same bytes. */
export async function cannedUpstream(t: Test, answer: string): Promise<RawUpstream & { requests: Message[] }> {
  const requests: Message[] = [];
  const upstream = await rawUpstream(t, async (peer) => {
    for (;;) {
      requests.push(await peer.readRequest());
      peer.send(answer);
    }
  });
  return Object.assign(upstream, { requests });
}

/** A port where nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function recorded(message: IncomingMessage, chunks: readonly Buffer[], connection: number): SeenRequest {
  const { method = '', url = '', rawHeaders } = message;
  const fields: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    fields.push([(rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? '']);
  }
  return { method, target: url, fields, body: Buffer.concat(chunks).toString('latin1'), connection };
}
