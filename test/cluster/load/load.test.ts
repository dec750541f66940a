import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { failureOf } from '../judge/failures.ts';
import { echoServer } from './echo-server.ts';
import { startLoad } from './load.ts';
import type { Stream } from './stream.ts';
import type { Target } from './target.ts';

const PLAIN: Stream = { name: 'plain', rate: 400, host: 'shop.test' };
const GETS: Stream = { ...PLAIN, name: 'gets', posts: 0 };
const POSTS: Stream = { ...PLAIN, name: 'posts', posts: 1 };

/** A server that is told of each connection and of what came on it. It ends with the test. */
async function rawServer(t: Test, onData: (socket: Socket, text: string, connection: number) => void): Promise<Target> {
  let connections = 0;
  const server = createServer((socket) => {
    const connection = connections;
    connections += 1;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => onData(socket, bytes.toString('latin1'), connection));
    t.teardown(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
}

const ok = (text: string) =>
  `HTTP/1.1 200 OK\r\nx-pod: p\r\nx-request-id: ${/x-request-id: (\S+)/.exec(text)?.[1]}\r\ncontent-length: 0\r\n\r\n`;

t.test('every request is answered, its body arrives and its Pod is known', async (t) => {
  const { target, perConnection } = await echoServer(t);
  const load = startLoad({ targets: [target], connections: 3, streams: [{ ...PLAIN, rate: 200, posts: 0.5 }] });
  const mostOfOne = () => Math.max(0, ...perConnection.values());
  await load.answered(120);
  // A machine that is busy sends in bursts, and each request of a burst needs a connection of its own.
  for (let more = 0; more < 20 && mostOfOne() < 5; more += 1) await load.answered(20);
  await load.stop();
  t.same(
    load.records.map(failureOf).filter((failure) => failure !== null),
    [],
  );
  t.equal(new Set(load.records.map(({ id }) => id)).size, load.records.length);
  const posts = load.records.filter(({ method }) => method === 'POST').length;
  t.ok(Math.abs(posts - load.records.length / 2) <= 1, `${posts} POST`);
  t.match(load.records[0], { pod: 'shop-abc-1', hash: 'abc', version: '1.0', attempts: 1, status: 200 });
  for (const { scheduledAt, sentAt, receivedAt, endedAt } of load.records) {
    t.ok(scheduledAt <= sentAt && sentAt <= (receivedAt ?? 0) && (receivedAt ?? 0) <= endedAt);
  }
  t.equal(
    [...perConnection.values()].reduce((sum, count) => sum + count, 0),
    load.records.length,
  );
  t.equal(perConnection.size, load.opened);
  t.ok(load.opened >= 3);
  t.ok(mostOfOne() >= 5, 'connections are kept');
  t.same(load.surprises, []);
});

t.test(
  'a Pod whose clock is wrong received a request between its sending and its answer, as far as is known',
  async (t) => {
    const { target } = await echoServer(t, (request, response) => {
      const early = Number(String(request.headers['x-request-id']).split('-').at(-1)) % 2 === 0;
      response.writeHead(200, { 'x-pod': 'p', 'x-received-at': String(early ? 0 : Date.now() + 60_000) });
      response.end();
    });
    const load = startLoad({ targets: [target], connections: 1, streams: [{ ...GETS, rate: 100 }] });
    await load.answered(10);
    await load.stop();
    for (const { sentAt, receivedAt, endedAt } of load.records) t.ok(receivedAt === sentAt || receivedAt === endedAt);
  },
);

t.test('requests leave on schedule while none is answered', async (t) => {
  const held: (() => void)[] = [];
  const { target } = await echoServer(t, (_request, _response, answer) => held.push(answer));
  const load = startLoad({ targets: [target], connections: 2, streams: [GETS] });
  while (held.length < 40) await sleep(5);
  t.ok(load.outstanding >= 40);
  t.equal(load.records.length, 0);
  const stopped = load.stop();
  while (load.outstanding > 0) {
    for (const answer of held.splice(0)) answer();
    await sleep(1);
  }
  await stopped;
  t.same(
    load.records.map(failureOf).filter((failure) => failure !== null),
    [],
  );
});

t.test('what a late timer missed is sent at once, and counts from when it was due', async (t) => {
  const { target } = await echoServer(t);
  const load = startLoad({ targets: [target], connections: 2, streams: [GETS] });
  await load.answered(5);
  const until = performance.now() + 100;
  while (performance.now() < until);
  await load.answered(60);
  await load.stop();
  const due = load.records.map(({ scheduledAt }) => scheduledAt).sort((a, b) => a - b);
  for (const [index, at] of due.entries()) t.ok(Math.abs(at - (due[0] ?? 0) - index * 2.5) < 0.01);
  t.ok(
    load.records.some(({ scheduledAt, sentAt }) => sentAt - scheduledAt > 50),
    'some were sent late',
  );
});

t.test('a connection whose response says close is replaced', async (t) => {
  const { target, perConnection } = await echoServer(t, (_request, response, answer) => {
    response.setHeader('connection', 'close');
    answer();
  });
  const load = startLoad({ targets: [target], connections: 2, streams: [PLAIN] });
  await load.answered(20);
  await load.stop();
  t.same([...new Set(perConnection.values())], [1]);
  t.same(
    load.records.map(failureOf).filter((failure) => failure !== null),
    [],
  );
});

t.test('a GET on a kept connection that closes unanswered is repeated, and counted', async (t) => {
  const answered = new Set<number>();
  const target = await rawServer(t, (socket, text, connection) => {
    if (answered.has(connection)) socket.destroy();
    else socket.write(ok(text));
    answered.add(connection);
  });
  const load = startLoad({ targets: [target], connections: 1, streams: [{ ...GETS, rate: 50 }] });
  await load.answered(12);
  await load.stop();
  t.same(
    load.records.map(failureOf).filter((failure) => failure !== null),
    [],
  );
  t.ok(load.records.filter(({ attempts }) => attempts === 2).length >= 5);
});

t.test('a POST on a kept connection that closes unanswered has failed', async (t) => {
  const answered = new Set<number>();
  const target = await rawServer(t, (socket, text, connection) => {
    if (answered.has(connection)) socket.destroy();
    else socket.write(ok(text));
    answered.add(connection);
  });
  const tiny: Stream = { ...POSTS, rate: 50 };
  const load = startLoad({ targets: [target], connections: 1, streams: [tiny] });
  await load.answered(12);
  await load.stop();
  const failed = load.records.filter(({ error }) => error !== null);
  t.ok(failed.length >= 5);
  t.ok(failed.every(({ attempts }) => attempts === 1));
});

t.test('a GET on a new connection that closes unanswered has failed', async (t) => {
  const target = await rawServer(t, (socket) => socket.destroy());
  const load = startLoad({ targets: [target], connections: 2, streams: [GETS] });
  await load.answered(10);
  await load.stop();
  t.ok(load.records.every(({ error, attempts }) => error !== null && attempts === 1));
});

t.test('a refused connection, a cut response, a wrong id, a damaged body and silence are failures', async (t) => {
  const { target: echo, server } = await echoServer(t);
  await new Promise((resolve) => server.close(resolve));
  const cases: readonly (readonly [string, Target, Stream])[] = [
    ['ECONNREFUSED', echo, GETS],
    [
      'without a whole response',
      await rawServer(t, (s) => s.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
      GETS,
    ],
    ['the answer to another', await rawServer(t, (s) => s.write(ok('x-request-id: another'))), GETS],
    ['the body was damaged', await rawServer(t, (s, text) => text.startsWith('POST') && s.write(ok(text))), POSTS],
    ['status 503', await rawServer(t, (s) => s.write('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n')), GETS],
    ['bytes beyond', await rawServer(t, (s, text) => s.write(`${ok(text)}HTTP/1.1 200 OK\r\n`)), GETS],
    ['not a status line', await rawServer(t, (s) => s.write('SSH-2.0\r\n\r\n')), GETS],
    ['within 50 ms', await rawServer(t, () => {}), GETS],
  ];
  for (const [expected, target, stream] of cases) {
    const timeoutMs = expected === 'within 50 ms' ? 50 : 10_000;
    const load = startLoad({ targets: [target], connections: 1, streams: [{ ...stream, rate: 100 }], timeoutMs });
    await load.answered(3);
    await load.stop();
    for (const record of load.records) t.match(failureOf(record), expected);
  }
});

t.test('bytes on an idle connection are a surprise', async (t) => {
  const target = await rawServer(t, (socket, text) => {
    socket.write(ok(text));
    setTimeout(() => socket.write(ok('x-request-id: 7')), 10);
  });
  const load = startLoad({ targets: [target], connections: 1, streams: [{ ...GETS, rate: 10 }] });
  await load.answered(3);
  await load.stop();
  t.match(load.surprises, [/bytes on an idle connection/]);
});

t.test(
  'new connections go to ready targets only; those that stand are used until the server closes them',
  async (t) => {
    const closing = { value: false };
    const one = await echoServer(t, (_request, response, answer) => {
      if (closing.value) response.setHeader('connection', 'close');
      answer();
    });
    const two = await echoServer(t);
    const load = startLoad({ targets: [one.target], connections: 2, streams: [PLAIN] });
    await load.answered(20);
    // Of one that was just opened the server may not have heard yet.
    const before = load.opened;
    load.setTargets([two.target]);
    await load.answered(40);
    t.ok(one.perConnection.size <= before);
    t.ok(two.perConnection.size >= 2);
    const address = (target: Target) => `${target.host}:${target.port}`;
    t.ok(load.records.slice(-10).some(({ target }) => target === address(one.target)));
    closing.value = true;
    await load.answered(40);
    t.ok(load.records.slice(-20).every(({ target }) => target === address(two.target)));
    await load.stop();
    t.same(
      load.records.map(failureOf).filter((failure) => failure !== null),
      [],
    );
  },
);

t.test('without a ready target a request fails', async (t) => {
  const load = startLoad({ targets: [], connections: 2, streams: [PLAIN] });
  await load.answered(3);
  await load.stop();
  t.ok(load.records.every((record) => failureOf(record) === 'there is no ready target'));
});

t.test('each stream has its own rate, host and fields', async (t) => {
  const seen = new Map<string, number>();
  const { target } = await echoServer(t, (request, _response, answer) => {
    const key = `${request.headers.host} ${String(request.headers['x-canary'] ?? '-')} ${request.url}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    answer();
  });
  const canary: Stream = { name: 'canary', rate: 100, host: 'b.test', path: '/x?y=1', headers: { 'x-canary': 'true' } };
  const load = startLoad({ targets: [target], connections: 2, streams: [PLAIN, canary] });
  await load.answered(50, 'canary');
  await load.stop();
  const plain = seen.get('shop.test - /') ?? 0;
  const header = seen.get('b.test true /x?y=1') ?? 0;
  t.equal(plain + header, load.records.length);
  t.ok(Math.abs(plain / header - 4) < 0.2, `${plain} and ${header}`);
});

t.test('a window lasts from its mark to the next', async (t) => {
  const load = startLoad({ targets: [], connections: 1, streams: [GETS] });
  const first = load.mark('10 %');
  await sleep(5);
  const second = load.mark('25 %');
  t.same(load.window('10 %'), { name: '10 %', from: first.at, until: second.at });
  t.ok(load.window('25 %').until >= second.at);
  t.throws(() => load.window('50 %'));
  await load.stop();
});
