import t from 'tap';
import { valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { strictUpstream } from '../lib/upstreams.ts';

t.test(
  'a pipelined request whose body the FIN cuts while another is answered gets 400 at once, and no upstream sees it',
  async (t) => {
    let release = (): void => {};
    const upstream = await strictUpstream(t, (response) => {
      release = () => void response.end('first');
    });
    const under = await planeTo(t, [upstream.port]);
    const client = await rawClient(t, under.port);
    client.send(
      'GET /first HTTP/1.1\r\nHost: a\r\n\r\nPOST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf',
    );
    client.socket.end();
    await under.until(
      () => upstream.seen.length === 1 && [...under.plane.connections].every((one) => one.ended),
      'the FIN',
    );
    release();
    t.equal((await client.readFinal()).body.toString(), 'first');
    const answer = await client.readFinal();
    t.equal(answer.status, 400);
    t.equal(answer.body.toString(), 'request_truncated\n');
    t.same(valuesOf(answer, 'connection'), ['close']);
    t.equal(await client.ending(), 'end');
    t.equal(upstream.begun, 1);
  },
);
