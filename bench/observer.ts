import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { bodyOf, SMALL } from './workload.ts';

/** Answers each request with the small answer, and in `proof-*` fields with what arrived of the request. */
export async function startObserver(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (bytes: Buffer) => hash.update(bytes));
    request.on('end', () => {
      response.setHeader('proof-method', request.method ?? '');
      response.setHeader('proof-body', hash.digest('hex'));
      response.setHeader('proof-fields', Object.keys(request.headers).join(' '));
      response.end(bodyOf(SMALL));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the observer has no port');
  // It ends with this process.
  server.unref();
  return { server, port: address.port };
}
