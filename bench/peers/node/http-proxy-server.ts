import { Agent, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import httpProxy from 'http-proxy';
import { Chooser } from './chooser.ts';
import { readWork, serve } from './work.ts';

/* A peer: http-proxy 1.18 with a keep-alive agent, as its users have it. Without it each request opens a connection. */

const work = readWork();
const chooser = new Chooser(work.versions, (port) => new URL(`http://127.0.0.1:${port}`));
const proxy = httpProxy.createProxyServer({ agent: new Agent({ keepAlive: true, maxFreeSockets: 4_096 }), xfwd: true });

proxy.on('error', (_error, _request, response) => {
  if (response instanceof Socket) response.destroy();
  else if (response.headersSent) response.destroy();
  else response.writeHead(502).end();
});

serve(work, {}, (request, response) => proxy.web(request, response, { target: targetOf(request) }));

function targetOf({ headers }: IncomingMessage): URL {
  for (const { header, value, version } of chooser.rules) if (headers[header] === value) return version.next();
  return chooser.byWeight().next();
}
