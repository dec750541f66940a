import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { DemoTraffic } from '../../src/demo/demo-traffic.ts';
import { deadPort } from '../lib/upstreams.ts';

/** Calls `onRequest` with the number of each request, the first one is 1. */
async function listening(t: Test, onRequest: (n: number, request: IncomingMessage, response: ServerResponse) => void) {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    onRequest(count, request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

t.test('no more requests come than the rate allows, and every tenth has the header', async (t) => {
  const headers: unknown[] = [];
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const port = await listening(t, (n, request, response) => {
    headers.push(request.headers['x-experiment']);
    response.end('ok');
    if (n === 60) resolve();
  });
  const startedAt = performance.now();
  const traffic = new DemoTraffic({ port, perSecond: 200, header: { 'x-experiment': 'token' } });
  await enough;
  const seconds = (performance.now() - startedAt) / 1000;
  t.ok(seconds > 0.25, `60 requests at 200 a second came within ${seconds.toFixed(2)} s`);
  await traffic.stop();
  const [withHeader, all] = [headers.filter((value) => value === 'token').length, headers.length];
  t.equal(withHeader, Math.floor(all / 10));
  t.strictSame({ sent: traffic.sent, failed: traffic.failed }, { sent: all, failed: 0 });
});

t.test('it stops when what was sent has its answer, whatever its status, and sends nothing more', async (t) => {
  const held: ServerResponse[] = [];
  const { promise: three, resolve } = Promise.withResolvers<void>();
  const port = await listening(t, (n, _request, response) => {
    held.push(response);
    if (n === 3) resolve();
  });
  const traffic = new DemoTraffic({ port, perSecond: 500, header: {} });
  await three;
  let stopped = false;
  const stopping = traffic.stop().then(() => {
    stopped = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(stopped, false);
  const answerAll = setInterval(() => {
    for (const response of held.splice(0)) response.writeHead(500).end();
  }, 1);
  await stopping;
  clearInterval(answerAll);
  t.ok(traffic.sent >= 3);
  t.equal(traffic.failed, 0);
});

t.test('requests that nobody answers are counted, and do no harm', async (t) => {
  const traffic = new DemoTraffic({ port: await deadPort(), perSecond: 500, header: {} });
  while (traffic.failed === 0) await new Promise((resolve) => setImmediate(resolve));
  await traffic.stop();
  t.equal(traffic.failed, traffic.sent);
});
