import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { ListenError, WorkerPool } from '../../src/proxy/worker-pool.ts';
import { sum } from '../../src/telemetry/blocks.ts';
import { SeriesRegistry } from '../../src/telemetry/counters.ts';
import {
  CONNECTIONS_ACCEPTED,
  CONNECTIONS_OPEN,
  FIRST_STATUS,
  IN_FLIGHT,
  STATUS_BASE,
  TABLE_GENERATION,
} from '../../src/telemetry/layout.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { listenerTls } from '../lib/certificates.ts';
import { valuesOf } from '../lib/message.ts';
import { rawClient } from '../lib/raw-client.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { tlsSocket } from '../lib/tls-client.ts';
import { rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

interface Scene {
  readonly pool: WorkerPool;
  readonly registry: SeriesRegistry;
  readonly port: number;
  /** The threads in the order in which they were started. */
  readonly threads: readonly Worker[];
}

async function scene(t: Test, count: number, upstreamPort: number): Promise<Scene> {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker): void => void threads.push(worker);
  process.on('worker', onWorker);
  const registry = new SeriesRegistry({ workers: count, now: () => performance.now() });
  const logger = createLogger({ level: 'silent' });
  const pool = new WorkerPool({ count, settings: testSettings(), registry, logger, logLevel: 'silent' });
  t.teardown(async () => {
    await pool.stop(0);
    process.removeListener('worker', onWorker);
  });
  const [port = 0] = await pool.start([{ address: '127.0.0.1', port: 0 }]);
  const { table, endpoints } = staticTable({ only: { ports: [upstreamPort] } });
  pool.publish({ table, changedEndpoints: endpoints, endpoints: () => endpoints }, 1);
  await until(() => pool.ready, 'the first table');
  return { pool, registry, port, threads };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Requests counted with status 200, by worker. */
function served(registry: SeriesRegistry): number[] {
  const [series] = registry.series();
  return series?.blocks.map((block) => block[STATUS_BASE + 200 - FIRST_STATUS] ?? 0) ?? [];
}

t.test('workers share a port, and each serves', async (t) => {
  const upstream = await strictUpstream(t);
  const { pool, registry, port } = await scene(t, 2, upstream.port);
  t.same(pool.generations, [1, 1]);
  for (let i = 0; i < 100; i += 1) {
    const client = await rawClient(t, port);
    client.send(GET);
    t.equal((await client.readResponse()).status, 200);
    client.socket.destroy();
  }
  // An answer is counted right behind its last byte.
  const total = (): number => served(registry).reduce((sum, count) => sum + count, 0);
  await until(() => total() >= 100, 'the last count');
  const counts = served(registry);
  t.equal(counts.length, 2);
  t.ok(
    counts.every((count) => count > 0),
    `each has its share: ${counts.join(' and ')}`,
  );
  t.equal(total(), 100);
  const accepted = registry.workers().map((block) => block[CONNECTIONS_ACCEPTED]);
  t.same(accepted, counts, 'the kernel hands out connections');
});

t.test('a worker that dies is replaced and counted, and requests are served again', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    for (;;) {
      const { startLine } = await peer.readRequest();
      if (!startLine.includes('stall')) peer.send('HTTP/1.1 204 No Content\r\n\r\n');
    }
  });
  const { pool, registry, port, threads } = await scene(t, 1, upstream.port);
  const client = await rawClient(t, port);
  client.send('GET /stall HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => upstream.peers.length === 1, 'the request');
  await threads[0]?.terminate();
  await client.ending();
  t.equal(pool.restarted, 1);
  t.notOk(pool.ready, 'nobody serves for the moment');
  const [series] = registry.series();
  t.equal(series === undefined ? -1 : sum(series, IN_FLIGHT), 0, 'what it had in flight is in flight no more');
  t.equal(registry.workers()[0]?.[CONNECTIONS_OPEN], 0);
  await until(() => pool.ready && threads.length === 2, 'the new worker');
  const again = await rawClient(t, port);
  again.send(GET);
  t.equal((await again.readResponse()).status, 204, 'with the table that there is, on the same port');
});

t.test('a worker whose port somebody took meanwhile is replaced when it is free, and counted once', async (t) => {
  const upstream = await strictUpstream(t);
  const { pool, registry, port, threads } = await scene(t, 1, upstream.port);
  await threads[0]?.terminate();
  const other = createServer();
  other.listen(port, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  const generation = () => registry.workers()[0]?.[TABLE_GENERATION];
  await until(() => threads.length >= 3 && generation() === 0, 'another attempt');
  t.notOk(pool.ready);
  other.close();
  await until(() => pool.ready, 'the new worker');
  t.equal(pool.restarted, 1);
  const client = await rawClient(t, port);
  client.send(GET);
  t.equal((await client.readResponse()).status, 200);
});

t.test('an error that nobody expected does not end a worker', async (t) => {
  const upstream = await strictUpstream(t);
  const { pool, port, threads } = await scene(t, 1, upstream.port);
  const client = await rawClient(t, port);
  client.send(GET);
  await client.readResponse();
  threads[0]?.postMessage({ type: 'table' });
  client.send(GET);
  t.equal((await client.readResponse()).status, 200);
  t.equal(pool.restarted, 0);
});

t.test('a table that is published while a worker is being replaced reaches the new one', async (t) => {
  const one = await strictUpstream(t, (response) => void response.end('one'));
  const two = await strictUpstream(t, (response) => void response.end('two'));
  const { pool, port, threads } = await scene(t, 1, one.port);
  await threads[0]?.terminate();
  const { table, endpoints } = staticTable({ only: { ports: [two.port] } });
  pool.publish({ table, changedEndpoints: endpoints, endpoints: () => endpoints }, 2);
  await until(() => pool.ready, 'the new worker');
  t.same(pool.generations, [2]);
  const client = await rawClient(t, port);
  client.send(GET);
  t.equal((await client.readResponse()).body.toString(), 'two');
});

t.test('endpoints that change reach the workers without a new table', async (t) => {
  const one = await strictUpstream(t, (response) => void response.end('one'));
  const two = await strictUpstream(t, (response) => void response.end('two'));
  const { pool, port } = await scene(t, 1, one.port);
  const client = await rawClient(t, port);
  client.send(GET);
  t.equal((await client.readResponse()).body.toString(), 'one');
  pool.publishEndpoints({ 'static/test/only': [{ host: '127.0.0.1', port: two.port }] });
  let answer = 'one';
  for (let i = 0; i < 100 && answer === 'one'; i += 1) {
    client.send(GET);
    answer = (await client.readResponse()).body.toString();
  }
  t.equal(answer, 'two');
});

t.test('a stop lets the exchange in flight end, refuses new connections, and ends the threads', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => void (await peer.readRequest()));
  const { pool, port, threads } = await scene(t, 2, upstream.port);
  const client = await rawClient(t, port);
  client.send(GET);
  await until(() => upstream.peers.length === 1, 'the request');
  const stopped = pool.stop(10_000);
  let refused = false;
  await until(() => {
    void rawClient(t, port).catch(() => {
      refused = true;
    });
    return refused;
  }, 'a refusal');
  upstream.peers[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast');
  const response = await client.readResponse();
  t.equal(response.body.toString(), 'last');
  t.same(valuesOf(response, 'connection'), ['close']);
  client.socket.end();
  t.equal(await stopped, true, 'nothing had to be cut');
  t.ok(threads.every((thread) => thread.threadId === -1));
});

t.test('a stop whose time is over cuts what is left, and nothing of it looks whole', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\n\r\nhalf');
  });
  const { pool, port } = await scene(t, 1, upstream.port);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  await client.readThrough('half');
  t.equal(await pool.stop(50), false);
  t.equal(await client.ending(), 'reset');
});

t.test('a stop does not wait for a worker that is dead', async (t) => {
  const upstream = await strictUpstream(t);
  const { pool, threads } = await scene(t, 2, upstream.port);
  await threads[0]?.terminate();
  const before = performance.now();
  t.equal(await pool.stop(20_000), true);
  t.ok(performance.now() - before < 10_000);
  t.equal(threads.length, 2, 'nor is it replaced');
});

t.test('workers that are closing say so in their answers and serve on', async (t) => {
  const upstream = await strictUpstream(t);
  const { pool, port } = await scene(t, 1, upstream.port);
  pool.closing();
  let last = false;
  for (let i = 0; i < 100 && !last; i += 1) {
    const client = await rawClient(t, port);
    client.send(GET);
    const response = await client.readResponse();
    t.equal(response.status, 200);
    last = valuesOf(response, 'connection').includes('close');
    client.socket.destroy();
  }
  t.ok(last);
});

t.test('a port that is in use is an error that names it, and leaves no thread behind', async (t) => {
  const other = createServer();
  t.teardown(() => other.close());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const threads: Worker[] = [];
  const onWorker = (worker: Worker): void => void threads.push(worker);
  process.on('worker', onWorker);
  t.teardown(() => process.removeListener('worker', onWorker));
  const registry = new SeriesRegistry({ workers: 2, now: () => 0 });
  const logger = createLogger({ level: 'silent' });
  const pool = new WorkerPool({ count: 2, settings: testSettings(), registry, logger, logLevel: 'silent' });
  const error = await pool.start([{ address: '127.0.0.1', port }]).catch((reason: unknown) => reason);
  if (!(error instanceof ListenError)) throw new Error('it started');
  t.match(error, { code: 'EADDRINUSE', address: '127.0.0.1', port });
  t.match(error.message, `127.0.0.1:${port}`);
  const unknown = await pool.start([{ address: '192.0.2.1', port: 0 }]).catch((reason: unknown) => reason);
  t.match(unknown, { code: 'EADDRNOTAVAIL', address: '192.0.2.1' });
  await until(() => threads.every((thread) => thread.threadId === -1), 'the threads to end');
  t.equal(pool.restarted, 0, 'what never ran is not replaced');
});

t.test('certificates that are renewed while a worker begins to listen reach every listener', async (t) => {
  const registry = new SeriesRegistry({ workers: 1, now: () => 0 });
  const logger = createLogger({ level: 'silent' });
  const pool = new WorkerPool({ count: 1, settings: testSettings(), registry, logger, logLevel: 'silent' });
  t.teardown(() => pool.stop(0));
  // A name, which takes a while to look up.
  const on = { address: 'localhost', port: 0, tls: listenerTls(['server']) };
  const started = pool.start([on, on, on]);
  pool.renewCertificates([listenerTls(['other']), listenerTls(['other']), listenerTls(['other'])]);
  for (const port of await started) {
    const socket = tlsSocket(t, port, { host: 'localhost', servername: 'other.example.org' });
    await once(socket, 'secureConnect');
    t.match(socket.getPeerCertificate().subjectaltname, 'other.example.org');
  }
});

t.test('a worker that ends before it listens fails the start instead of holding it up', async (t) => {
  const onWorker = (worker: Worker): void => void worker.terminate();
  process.on('worker', onWorker);
  t.teardown(() => process.removeListener('worker', onWorker));
  const registry = new SeriesRegistry({ workers: 1, now: () => 0 });
  const logger = createLogger({ level: 'silent' });
  const pool = new WorkerPool({ count: 1, settings: testSettings(), registry, logger, logLevel: 'silent' });
  await t.rejects(pool.start([{ address: '127.0.0.1', port: 0 }]), /ended before it could listen/);
});
