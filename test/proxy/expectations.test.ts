import t from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { turn } from '../lib/raw-peer.ts';
import { deadPort, rawUpstream, strictUpstream } from '../lib/upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const EXPECT = 'PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

t.test('Expect: 100-continue is kept by an application of Node.js, end to end', async (t) => {
  const upstream = await strictUpstream(t, (response, { body }) => void response.end(body));
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (let i = 0; i < 3; i += 1) {
    client.send(EXPECT);
    t.equal((await client.readResponse()).status, 100);
    client.send('hello');
    t.equal((await client.readResponse()).body.toString(), 'hello');
  }
  t.equal(upstream.connections, 1, 'both connections go on');
});

t.test('an upstream that never says 100 gets the body of a client that does not wait for ever', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readThrough('\r\n\r\n');
    await turns(50);
    t.equal(peer.text(), '', 'Headgate does not say 100 in its place');
    t.equal((await peer.read(5)).toString(), 'hello');
    peer.send(OK);
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send(EXPECT);
  await turns(200);
  client.send('hello');
  t.equal((await client.readResponse()).status, 200);
  t.same(upstream.errors, []);
});

t.test('a client and an upstream that wait for each other are parted after timeouts.idle', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => void (await peer.readThrough('\r\n\r\n')));
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send(EXPECT);
  await plane.until(() => upstream.peers.length === 1, 'the connection');
  await turns(20);
  plane.pass(30_100);
  t.equal((await client.readResponse()).status, 408);
  t.equal(await client.ending(), 'end');
});

t.test('a body that comes without waiting for the 100 arrives once, and the 100 after it', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readThrough('\r\n\r\n');
    t.equal((await peer.read(5)).toString(), 'hello');
    peer.send(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send(`${EXPECT}hello`);
  t.equal((await client.readResponse()).status, 100);
  t.equal((await client.readResponse()).status, 200);
  client.send(EXPECT);
  t.same(upstream.errors, []);
});

t.test(
  'a client that sends its body although it was refused gets the answer, and its body is no request',
  async (t) => {
    const upstream = await rawUpstream(t, async (peer) => {
      await peer.readThrough('\r\n\r\n');
      peer.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
    });
    const plane = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, plane.port);
    const body = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    client.send(EXPECT.replace('5', String(body.length)));
    const answer = await client.readResponse();
    t.equal(answer.status, 413);
    t.same(valuesOf(answer, 'connection'), ['close']);
    client.send(body);
    t.equal(await client.ending(), 'end');
    t.equal(client.text(), '');
    client.socket.end();
    await plane.until(() => plane.connections() === 0, 'the connection to close');
    t.equal(upstream.peers.length, 1);
    t.equal(upstream.peers[0]?.text(), '', 'nothing of the body was passed on');
    t.same(plane.statuses('only'), { 413: 1 });
  },
);

t.test('an answer that Headgate gives itself comes before the body, which is not asked for', async (t) => {
  const plane = await planeTo(t, [], {});
  const client = await rawClient(t, plane.port);
  client.send(EXPECT);
  const answer = await client.readResponse();
  t.equal(answer.status, 503);
  t.same(valuesOf(answer, 'connection'), ['close']);
});

t.test('an expectation goes to another endpoint when the first refuses the connection', async (t) => {
  const upstream = await strictUpstream(t, (response, { body }) => void response.end(body));
  const { port } = await planeTo(t, [await deadPort(), upstream.port]);
  for (let i = 0; i < 8; i += 1) {
    const client = await rawClient(t, port);
    client.send(EXPECT);
    t.equal((await client.readResponse()).status, 100);
    client.send('hello');
    t.equal((await client.readResponse()).body.toString(), 'hello');
  }
});

t.test('an unknown expectation is refused before any upstream sees it', async (t) => {
  const upstream = await strictUpstream(t);
  const plane = await planeTo(t, [upstream.port]);
  for (const value of ['200-ok', '100-continue, x', '100-continue; a=b', '']) {
    const client = await rawClient(t, plane.port);
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nExpect: ${value}\r\nContent-Length: 5\r\n\r\nhello`);
    t.equal((await client.readResponse()).status, 417, value);
    t.equal(await client.ending(), 'end');
  }
  t.equal(upstream.connections, 0);
});

t.test('an expectation of HTTP/1.0 is ignored, whatever it is', async (t) => {
  const upstream = await strictUpstream(t, (response, { body }) => void response.end(body));
  const { port } = await planeTo(t, [upstream.port]);
  for (const value of ['100-continue', '200-ok', '']) {
    const client = await rawClient(t, port);
    client.send(`PUT / HTTP/1.0\r\nHost: a\r\nExpect: ${value}\r\nContent-Length: 5\r\n\r\nhello`);
    t.equal((await client.readResponse()).body.toString(), 'hello', value);
    t.same(valuesOf(upstream.seen.at(-1) ?? { fields: [] }, 'expect'), []);
  }
});

t.test('a hundred interim responses are passed on, and one more is a bad response', async (t) => {
  for (const [count, status] of [
    [100, 200],
    [101, 502],
  ] as const) {
    const upstream = await rawUpstream(t, async (peer) => {
      for (;;) {
        await peer.readRequest();
        peer.send(`${HINTS.repeat(count)}${OK}`);
      }
    });
    const plane = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, plane.port);
    for (let round = 0; round < 2; round += 1) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      for (let i = 0; i < 100; i += 1) t.equal((await client.readResponse()).head, HINTS);
      t.equal((await client.readResponse()).status, status, `${count} interim responses`);
    }
  }
});

t.test('endless interim responses end for an HTTP/1.0 client too, although it sees none of them', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    while (!peer.closed) {
      peer.send(HINTS.repeat(10));
      await turn();
    }
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  t.equal((await client.readResponse()).status, 502);
  t.same(plane.failures('only'), { bad_response: 1 });
});

t.test('interim responses do not put off timeouts.responseHeaders', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send(HINTS);
  });
  const plane = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, plane.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal((await client.readResponse()).status, 103);
  plane.pass(50_000);
  upstream.peers[0]?.send(HINTS);
  t.equal((await client.readResponse()).status, 103);
  plane.pass(10_100);
  t.equal((await client.readResponse()).status, 504);
});
