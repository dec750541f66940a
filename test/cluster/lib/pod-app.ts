// The application in the Rollouts' Pods. It is run without the project's modules: see images.ts.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const { APP_PORTS: ports = '8080', APP_POD: pod = '', APP_HASH: hash = '', APP_VERSION: version = '' } = process.env;
// For a kubelet, which asks: the pod runner decides by itself.
const READY_PATH = '/headgate-test/ready';
const readyAfterSeconds = Number(process.env['APP_READY_AFTER_MS'] ?? 0) / 1000;
const serveAfterTermMs = Number(process.env['APP_SERVE_AFTER_TERM_MS'] ?? 0);

let closing = false;

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === READY_PATH) {
    response.statusCode = version !== 'broken' && process.uptime() >= readyAfterSeconds ? 200 : 503;
    response.end();
    return;
  }
  const receivedAt = performance.timeOrigin + performance.now();
  response.setHeader('x-pod', pod);
  response.setHeader('x-pod-hash', hash);
  response.setHeader('x-version', version);
  response.setHeader('x-received-at', receivedAt.toFixed(3));
  if (closing) response.setHeader('connection', 'close');
  const id = request.headers['x-request-id'];
  if (id !== undefined) response.setHeader('x-request-id', id);
  const sha256 = createHash('sha256');
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    sha256.update(chunk);
  });
  request.on('end', () => {
    const body =
      request.method === 'POST' ? JSON.stringify({ length, sha256: sha256.digest('hex') }) : `${version} ${pod}\n`;
    response.setHeader('content-length', Buffer.byteLength(body));
    response.end(body);
  });
  request.on('error', () => response.destroy());
}

const servers = ports.split(',').map((port) => createServer(answer).listen(Number(port), '0.0.0.0'));

process.on('SIGTERM', () => {
  setTimeout(() => {
    // Requests under way are answered, idle connections are closed at once, and with the last one the process ends.
    closing = true;
    for (const server of servers) server.close();
  }, serveAfterTermMs);
});
