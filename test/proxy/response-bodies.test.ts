import t from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { turn } from '../lib/raw-peer.ts';
import { cannedUpstream, rawUpstream } from '../lib/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** Every byte is a different one from its neighbours, so that a lost or doubled one shows. */
const MEGABYTE = Buffer.from(Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7 + (i >> 8)) & 255));

t.test('a megabyte by Content-Length arrives whole, and both connections go on', async (t) => {
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${MEGABYTE.length}\r\n\r\n`;
  const upstream = await cannedUpstream(t, head + MEGABYTE.toString('latin1'));
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (let i = 0; i < 2; i += 1) {
    client.send(GET);
    t.ok((await client.readResponse()).body.equals(MEGABYTE));
  }
  t.equal(upstream.peers.length, 1);
});

t.test('a megabyte that ends with the connection arrives whole, in chunks of our own', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\n\r\n');
    peer.send(MEGABYTE);
    peer.socket.end();
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (let i = 0; i < 2; i += 1) {
    client.send(GET);
    const response = await client.readResponse();
    t.same(valuesOf(response, 'transfer-encoding'), ['chunked']);
    t.ok(response.body.equals(MEGABYTE), 'each chunk is framed, full reads too');
  }
});

t.test('a body that ends with the connection goes so to an HTTP/1.0 client', async (t) => {
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\n\r\nall of it');
    peer.socket.end();
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  const response = await client.readResponse();
  t.equal(response.framing, 'close');
  t.same(valuesOf(response, 'connection'), ['close']);
  t.equal(response.body.toString(), 'all of it');
});

t.test('a chunked body goes without its framing to an HTTP/1.0 client, which cannot read it', async (t) => {
  const chunks = Array.from({ length: 500 }, (_, i) => `3;x\r\n${String(i).padStart(3, '0')}\r\n`).join('');
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const upstream = await cannedUpstream(t, `${head}${chunks}0\r\nX: y\r\n\r\n`);
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  const response = await client.readResponse();
  t.equal(response.framing, 'close');
  t.equal(response.body.toString(), Array.from({ length: 500 }, (_, i) => String(i).padStart(3, '0')).join(''));
});

t.test(
  'a body that is broken in the read that its head came in is answered 502, not cut without a word as 200',
  async (t) => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const upstream = await cannedUpstream(t, `${head}2\r\nok\r\nzz\r\n`);
    const plane = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, plane.port);
    for (let i = 0; i < 2; i += 1) {
      client.send(GET);
      const answer = await client.readResponse();
      t.equal(answer.status, 502);
      t.equal(answer.body.toString(), 'bad_response\n');
    }
    t.same(plane.statuses('only'), { 502: 2 });
  },
);

t.test('chunks stay chunks, without extensions and trailers', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n';
  const upstream = await cannedUpstream(
    t,
    `${head}5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n`,
  );
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (let i = 0; i < 2; i += 1) {
    client.send(GET);
    const response = await client.readResponse();
    t.same(valuesOf(response, 'trailer'), []);
    t.same(response.chunks, [5, 1, 0]);
    t.equal(response.body.toString(), 'hello!');
  }
  t.equal(client.unread.length, 0, 'no trailer');
  t.equal(upstream.peers.length, 1);
});

t.test('a body flows on as it comes', async (t) => {
  let go: () => void = () => {};
  const upstream = await rawUpstream(t, async (peer) => {
    await peer.readRequest();
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    peer.send('0\r\n\r\n');
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  client.send(GET);
  t.match(await client.readThrough('\r\n\r\n'), /^HTTP\/1.1 200 OK/);
  t.equal(await client.readThrough('first\r\n'), '5\r\nfirst\r\n');
  go();
  t.equal(await client.readThrough('\r\n\r\n'), '0\r\n\r\n');
});

t.test('every length of a small body arrives whole, however it is divided', async (t) => {
  let answer: string[] = [];
  const upstream = await rawUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.sendEach(answer);
    }
  });
  const { port } = await planeTo(t, [upstream.port]);
  const client = await rawClient(t, port);
  for (let length = 0; length < 20; length += 1) {
    const body = 'abcdefghijklmnopqrstuvwxyz'.slice(0, length);
    const bytes = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`;
    for (const pieces of [[bytes], bytes.split(''), [bytes.slice(0, 60 - length), bytes.slice(60 - length)]]) {
      answer = pieces;
      client.send(GET);
      const response = await client.readResponse();
      if (response.body.toString() !== body) t.equal(response.body.toString(), body);
    }
  }
  t.equal(upstream.peers.length, 1, 'one connection served them all');
});

t.test(
  'an answer that is larger than the kernel takes at once arrives whole when the client reads at last',
  async (t) => {
    const size = 24 << 20;
    const upstream = await rawUpstream(t, async (peer) => {
      await peer.readRequest();
      peer.send(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
      for (let at = 0; at < size; at += MEGABYTE.length) peer.send(MEGABYTE);
    });
    const plane = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, plane.port);
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    for (let i = 0; i < 200; i += 1) await turn();
    let read = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    client.socket.resume();
    t.equal(await client.ending(), 'end');
    t.ok(read > size && read < size + 1000, 'all of it and a head');
  },
);
