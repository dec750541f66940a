/**
 * An application as a process: node:http, well-behaved on most paths and faulty on those that say so. It echoes
 * `x-request-id`, and tells in `x-body` how many bytes of what checksum it received. Its port is its first message.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';

const name = process.argv[2] ?? 'app';
const port = Number(process.argv[3] ?? 0);

const SMALL = Buffer.alloc(200, 'small ');
/** More than Headgate and two kernels hold for a client that does not read. */
const MEDIUM = Buffer.alloc(393_216, 'medium ');
const LARGE = Buffer.alloc(1_048_576, 'large ');
const PIECE = Buffer.alloc(8_192, 'piece ');
/** Longer than any timeout of the configurations here. */
const NEVER_MS = 60_000;

type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  medium: (response) => response.end(MEDIUM),
  large: (response) => response.end(LARGE),
  chunked: (response) => {
    for (let i = 0; i < 8; i += 1) response.write(PIECE);
    response.end();
  },
  close: (response) => response.setHeader('connection', 'close').end(SMALL),
  slow: (response) => void setTimeout(() => response.end(SMALL), 100),
  long: (response) => void setTimeout(() => response.end(SMALL), 1_000),
  hint: (response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    setTimeout(() => response.end(SMALL), 100);
  },
  drip: (response) => {
    let left = 10;
    response.setHeader('content-length', left);
    const timer = setInterval(() => {
      response.write('.');
      left -= 1;
      if (left > 0 && !response.destroyed) return;
      clearInterval(timer);
      response.end();
    }, 30);
  },
  stall: (response) => void setTimeout(() => response.destroy(), NEVER_MS).unref(),
  'stall-body': (response) => {
    response.writeHead(200, { 'content-length': 100_000 }).write(PIECE);
  },
  reset: (response) => void response.socket?.resetAndDestroy(),
  'fin-in-length': (response) => {
    response.writeHead(200, { 'content-length': 100_000 }).write(PIECE, () => response.socket?.end());
  },
  'fin-in-chunk': (response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhalf a chunk');
  },
  garbage: (response) => void response.socket?.end('HTTP/1.1 banana\r\n\r\n'),
  unframed: (response) => void response.socket?.end('HTTP/1.0 200 OK\r\n\r\nto the end'),
  'two-lengths': (response) =>
    void response.socket?.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
};

const server = createServer({ keepAliveTimeout: 5_000, requestTimeout: 0 }, (request, response) => {
  const id = request.headers['x-request-id'];
  if (typeof id === 'string') response.setHeader('x-request-id', id);
  response.setHeader('x-served-by', name);
  const behave = BEHAVIOURS[request.url?.split('/').at(-1) ?? ''] ?? ((answer) => answer.end(SMALL));
  let length = 0;
  let checksum = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    checksum = crc32(chunk, checksum);
  });
  request.on('end', () => {
    response.setHeader('x-body', `${length}:${checksum}`);
    behave(response, request);
  });
});
server.on('upgrade', (_request, socket) => {
  socket.on('error', () => socket.destroy());
  socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
  socket.pipe(socket);
});
server.on('clientError', (_error, socket) => socket.destroy());
server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});

/** As an application ends that a kubelet stops: what has begun is answered, and idle connections close. */
process.on('SIGTERM', () => server.close(() => process.exit(0)));
process.on('disconnect', () => process.exit());
