// The application in the Rollouts' Pods. It is run without the project's modules: see images.ts.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const { APP_PORTS: ports = '8080', APP_POD: pod = '', APP_HASH: hash = '', APP_VERSION: version = '' } = process.env;
// For a kubelet, which asks: the pod runner decides by itself.
const READY_PATH = '/headgate-test/ready';
const readyAfterSeconds = Number(process.env['APP_READY_AFTER_MS'] ?? 0) / 1000;
const serveAfterTermMs = Number(process.env['APP_SERVE_AFTER_TERM_MS'] ?? 0);

// What a version is like, as its image's tag says: `v2-takes-50-errors-10` answers after 50 ms, a fifth more or less, and
// every tenth request with 500; `-resets-10` cuts the connections of so many instead. `-refuses` is ready, but takes no
// connection after the first, by which it was found to listen.
const [takesMs, errors, resets] = [knob('takes'), knob('errors'), knob('resets')];
const refuses = /-refuses(-|$)/.test(version);

function knob(name: string): number {
  return Number(new RegExp(`-${name}-(\\d+)`).exec(version)?.[1] ?? 0);
}

let answered = 0;

/** Of each hundred in a row so many, evenly spread: the share is met whatever the moment. */
function isDue(percent: number): boolean {
  return Math.floor(((answered + 1) * percent) / 100) > Math.floor((answered * percent) / 100);
}

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
    if (isDue(errors)) response.statusCode = 500;
    const cut = isDue(resets);
    answered += 1;
    const end = () => (cut ? request.socket.resetAndDestroy() : response.end(body));
    if (takesMs === 0) end();
    else setTimeout(end, takesMs * (0.8 + 0.4 * Math.random()));
  });
  request.on('error', () => response.destroy());
}

const servers = ports.split(',').map((port) => createServer(answer).listen(Number(port), '0.0.0.0'));
// What keeps a process that no longer listens.
const staying = refuses ? setInterval(() => {}, 60_000) : null;
if (refuses) for (const server of servers) server.once('connection', () => server.close());

process.on('SIGTERM', () => {
  if (staying !== null) clearInterval(staying);
  setTimeout(() => {
    // Requests under way are answered, idle connections are closed at once, and with the last one the process ends.
    closing = true;
    for (const server of servers) server.close();
  }, serveAfterTermMs);
});
