import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { request } from 'undici';
import { type AdminServer, startAdmin } from '../../src/admin/server.ts';
import type { AdminState, ExplainQuery } from '../../src/admin/state.ts';
import { SeriesRegistry } from '../../src/telemetry/counters.ts';
import { Exposition } from '../../src/telemetry/exposition.ts';
import { processState } from '../lib/process-state.ts';
import { canaryRoute, table } from '../telemetry/tables.ts';
import { STATE } from './admin-state.ts';

const LISTEN = { address: '127.0.0.1', port: 0 };

/** A server that ends with its test, and what it was told of errors. */
async function setUp(t: Test, state: Partial<AdminState> = {}) {
  const errors: unknown[] = [];
  const admin = await startAdmin({
    listen: LISTEN,
    state: { ...STATE, ...state },
    onError: (error, path) => errors.push(`${path}: ${String(error)}`),
  });
  t.teardown(() => admin.close());
  const get = async (path: string, method: 'GET' | 'HEAD' | 'POST' = 'GET', body: string | null = null) => {
    const response = await request(`http://127.0.0.1:${admin.port}${path}`, { method, body });
    return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
  };
  return { admin, errors, get };
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
async function raw(admin: AdminServer, bytes: string): Promise<string> {
  const socket = connect(admin.port, admin.address);
  socket.write(bytes);
  return text(socket);
}

t.test('livez answers 200 whatever the state', async (t) => {
  const { get } = await setUp(t, { unready: () => 'draining' });
  t.match(await get('/livez'), { status: 200, body: 'ok\n' });
});

t.test('readyz and health say in one line why the process is not ready', async (t) => {
  let reason: string | null = 'no routing table yet';
  const { get } = await setUp(t, { unready: () => reason });
  for (const path of ['/readyz', '/health']) {
    t.match(await get(path), { status: 503, body: 'no routing table yet\n' });
  }
  reason = null;
  for (const path of ['/readyz', '/health']) t.match(await get(path), { status: 200, body: 'ok\n' });
  reason = 'draining';
  t.match(await get('/readyz'), { status: 503, body: 'draining\n' });
});

t.test('metrics are the text of the exposition with its content type', async (t) => {
  const registry = new SeriesRegistry({ workers: 1, now: () => 0 });
  const current = table(canaryRoute());
  registry.update(current);
  const exposition = new Exposition({
    registry,
    prefix: 'headgate_',
    httpAlias: false,
    version: '0.1.0',
    state: () => processState({ table: current }),
  });
  const { get } = await setUp(t, {
    metrics: (format) => exposition.scrape(format),
  });
  const { status, headers, body } = await get('/metrics');
  t.equal(status, 200);
  t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  t.match(body, /headgate_weight\{route="talana",.*role="canary",version="7f9b"\} 10\n/);
});

t.test('metrics are protobuf for whoever prefers it, byte for byte', async (t) => {
  const formats: string[] = [];
  const pieces = [Uint8Array.of(1, 0, 255, 128), Uint8Array.of(10)];
  const { admin } = await setUp(t, {
    metrics: async (format) => {
      formats.push(format);
      return { contentType: 'application/vnd.google.protobuf', body: pieces };
    },
  });
  const accept =
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;q=0.5';
  const response = await fetch(`http://${admin.address}:${admin.port}/metrics`, { headers: { accept } });
  t.equal(response.headers.get('content-type'), 'application/vnd.google.protobuf');
  t.equal(response.headers.get('content-length'), '5');
  t.same(new Uint8Array(await response.arrayBuffer()), Uint8Array.of(1, 0, 255, 128, 10));
  t.same(formats, ['protobuf']);
});

t.test('the table is shown with names in place of indexes', async (t) => {
  const { get } = await setUp(t, {
    table: () => ({
      generation: 7,
      workers: [7, 6],
      table: table(canaryRoute()),
      endpoints: {
        'shop/talana/5d8c': [
          { host: '10.0.0.1', port: 8080 },
          { host: 'fd00::1', port: 8080 },
        ],
      },
      reasons: { talana: 'step 1 of 4' },
      healthOf: () => null,
      leftOut: (key): Record<string, number> => (key === 'shop/talana/5d8c' ? { '10.0.0.1:8080': 2 } : {}),
      problems: [{ place: 'a.yaml:3', message: 'no Service', remedy: 'write one' }],
    }),
  });
  const { status, headers, body } = await get('/api/table');
  t.equal(status, 200);
  t.equal(headers['content-type'], 'application/json');
  t.same(JSON.parse(body), {
    generation: 7,
    workers: [
      { worker: 0, generation: 7 },
      { worker: 1, generation: 6 },
    ],
    routes: [
      {
        name: 'talana',
        hosts: [],
        path: '/',
        because: 'step 1 of 4',
        tls: null,
        versions: [
          {
            key: 'shop/talana/5d8c',
            name: '5d8c',
            role: 'stable',
            weight: 90,
            endpoints: ['10.0.0.1:8080', '[fd00::1]:8080'],
            leftOut: { '10.0.0.1:8080': 2 },
            fallback: ['shop/talana/7f9b'],
          },
          {
            key: 'shop/talana/7f9b',
            name: '7f9b',
            role: 'canary',
            weight: 10,
            endpoints: [],
            fallback: ['shop/talana/5d8c'],
          },
        ],
        rules: [
          {
            origin: 'route',
            label: 'header:x-canary',
            header: 'x-canary',
            match: { kind: 'exact', value: 'true' },
            to: 'canary',
            versions: ['shop/talana/7f9b'],
            reason: null,
            fallback: true,
          },
        ],
        experiments: null,
      },
    ],
    problems: [{ place: 'a.yaml:3', message: 'no Service', remedy: 'write one' }],
  });
});

t.test('an experiment header is shown with its values and where they lead', async (t) => {
  const experiments = {
    header: 'x-experiment',
    values: [['token', { asked: 'experiment', versions: [0], reason: 'absent', fallback: true }]],
  } as const;
  const { get } = await setUp(t, {
    table: () => ({ ...STATE.table(), table: table({ ...canaryRoute(), experiments }) }),
  });
  const { body } = await get('/api/table');
  t.same(JSON.parse(body).routes[0].experiments, {
    header: 'x-experiment',
    values: [{ value: 'token', to: 'experiment', versions: ['shop/talana/5d8c'], reason: 'absent', fallback: true }],
  });
});

t.test('explain is given host, path with query and every header, and its answer is shown as JSON', async (t) => {
  const queries: ExplainQuery[] = [];
  const { get } = await setUp(t, {
    explain: (query) => {
      queries.push(query);
      return { version: '7f9b', why: 'x-canary' };
    },
  });
  const { status, body } = await get(
    '/api/explain?host=api.example.com&path=%2Forders%3Fid%3D1&header=X-Canary:%20true&header=x-url:http://a:1/',
  );
  t.equal(status, 200);
  t.same(JSON.parse(body), { version: '7f9b', why: 'x-canary' });
  t.same(queries, [
    {
      host: 'api.example.com',
      path: '/orders?id=1',
      headers: [
        ['x-canary', 'true'],
        ['x-url', 'http://a:1/'],
      ],
    },
  ]);
});

t.test('explain without a query asks for the root of no host', async (t) => {
  const { get } = await setUp(t, { explain: (query) => query });
  t.same(JSON.parse((await get('/api/explain')).body), { host: '', path: '/', headers: [] });
});

t.test('explain refuses a header without a colon and a path without a slash', async (t) => {
  const { get } = await setUp(t);
  t.match(await get('/api/explain?header=x-canary'), {
    status: 400,
    body: 'header must be name:value, not "x-canary"\n',
  });
  t.match(await get('/api/explain?header=:true'), { status: 400 });
  t.match(await get('/api/explain?path=orders'), { status: 400, body: 'path must begin with /\n' });
});

t.test('a path that is not there gets 404 and the list of those that are', async (t) => {
  const { get } = await setUp(t);
  for (const path of ['/index.html', '/metrics/', '/api', '/constructor', '/__proto__']) {
    t.match(await get(path), {
      status: 404,
      body: 'not found; there are / /livez /readyz /health /metrics /api/table /api/explain /api/live /api/analysis /api/analysis/blocks\n',
    });
  }
});

t.test('HEAD gets the head of GET and no body', async (t) => {
  const { get } = await setUp(t);
  for (const path of ['/livez', '/metrics', '/api/table']) {
    const head = await get(path, 'HEAD');
    t.equal(head.body, '');
    t.equal(head.status, 200);
    t.equal(head.headers['content-length'], (await get(path)).headers['content-length']);
  }
});

t.test('another method gets 405 with the methods that are allowed', async (t) => {
  const { get } = await setUp(t);
  t.match(await get('/metrics', 'POST', 'body'), { status: 405, headers: { allow: 'GET, HEAD' } });
});

t.test('a request with a body is answered without waiting for it, and its connection is closed', async (t) => {
  const { admin } = await setUp(t);
  const answer = await raw(admin, 'GET /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\nx');
  t.match(answer, /^HTTP\/1.1 200 OK\r\n/);
  t.match(answer, /connection: close/i);
});

t.test(
  'an endpoint that throws gets 500 without the reason, which goes to the log, and the server goes on',
  async (t) => {
    const { errors, get } = await setUp(t, {
      metrics: async () => {
        throw new Error('secret');
      },
      table: () => {
        throw new Error('secret');
      },
      explain: () => 1n,
    });
    for (const path of ['/metrics', '/api/table', '/api/explain']) {
      t.match(await get(path), { status: 500, body: 'internal error; the log has more\n' });
    }
    t.match(errors, ['/metrics: Error: secret', '/api/table: Error: secret', /^\/api\/explain: TypeError/]);
    t.match(await get('/livez'), { status: 200 });
  },
);

t.test('what is not HTTP gets 400 and ends nothing', async (t) => {
  const { admin, get } = await setUp(t);
  t.match(await raw(admin, 'hello\r\n\r\n'), /^HTTP\/1.1 400 /);
  t.match(await get('/livez'), { status: 200 });
});

t.test('a head larger than 16 KiB gets 431', async (t) => {
  const { admin } = await setUp(t);
  t.match(await raw(admin, `GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(17_000)}\r\n\r\n`), /^HTTP\/1.1 431 /);
});

t.test('a port in use is an error that names it and the way out', async (t) => {
  const { admin } = await setUp(t);
  await t.rejects(startAdmin({ listen: { address: '127.0.0.1', port: admin.port }, state: STATE }), {
    code: 'EADDRINUSE',
    message: `admin: 127.0.0.1:${admin.port} is in use: end the process that has it, or set another admin.port`,
  });
});

t.test('an address of another machine is an error that names it', async (t) => {
  await t.rejects(startAdmin({ listen: { address: '192.0.2.1', port: 0 }, state: STATE }), {
    code: 'EADDRNOTAVAIL',
    message: 'admin: 192.0.2.1:0 is not an address of this machine: set another admin.address',
  });
});

t.test('close lets an answer end, says that the connection closes, and refuses the next', async (t) => {
  const answer = Promise.withResolvers<{ contentType: string; body: Uint8Array[] }>();
  const asked = Promise.withResolvers<void>();
  const { admin } = await setUp(t, {
    metrics: () => {
      asked.resolve();
      return answer.promise;
    },
  });
  const response = raw(admin, 'GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n');
  await asked.promise;
  const closed = admin.close();
  answer.resolve({ contentType: 'text/plain', body: [Buffer.from('up 1\n')] });
  t.match(await response, /connection: close\r\n(.*\r\n)*\r\nup 1\n$/i);
  await closed;
  const socket = connect(admin.port, admin.address);
  const [error] = await once(socket, 'error');
  t.equal(error.code, 'ECONNREFUSED');
});

t.test('close ends idle connections and cuts an answer that does not end', async (t) => {
  const asked = Promise.withResolvers<void>();
  const { admin } = await setUp(t, {
    metrics: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const idle = connect(admin.port, admin.address);
  idle.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(idle, 'data');
  const idleClosed = once(idle, 'close');
  const stuck = raw(admin, 'GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n').catch((error: unknown) => String(error));
  await asked.promise;
  await admin.close();
  await idleClosed;
  t.notMatch(await stuck, 'HTTP/1.1 200');
});
