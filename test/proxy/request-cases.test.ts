import t, { type Test } from 'tap';
import { REQUEST_REASONS, type RequestReason } from '../../src/http1/reason.ts';
import { CHUNKED_CASES } from '../http1/chunked-cases.ts';
import { REQUEST_CASES } from '../http1/request-cases.ts';
import { valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { type StrictUpstream, strictUpstream } from '../lib/upstreams.ts';
import { expectedUpstream } from './expected-upstream.ts';
import { SEGMENTATIONS } from './segmentations.ts';

const SENTINEL = 'GET /sentinel HTTP/1.1\r\nHost: sentinel.example\r\n\r\n';
const CHUNKED_POST = 'POST /form HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n';

const CASES = [
  ...REQUEST_CASES,
  ...CHUNKED_CASES.map(({ name, bytes, verdict }) => ({
    name: `chunked: ${name}`,
    bytes: CHUNKED_POST + bytes,
    verdict,
  })),
];

await t.test('every request case has one verdict, however its bytes are divided', async (t) => {
  const upstream = await strictUpstream(t, (response, { target }) => {
    response.setHeader('x-target', target);
    response.end(`for ${target}`);
  });
  const { port } = await planeTo(t, [upstream.port]);
  for (const { name, bytes, verdict } of CASES) {
    await t.test(name, async (t) => {
      for (const [how, split] of SEGMENTATIONS) {
        upstream.seen.length = 0;
        upstream.begun = 0;
        const client = await rawClient(t, port);
        if (verdict === 'accepted') await passes(t, how, bytes, client, upstream, split);
        else {
          await client.sendEach(split(bytes + SENTINEL));
          await refused(t, how, verdict, client);
          t.same(upstream.seen, [], `${how}: nothing complete reached the upstream`);
          const headOnly = name.startsWith('chunked: ') && how !== 'whole';
          if (!headOnly) t.equal(upstream.begun, 0, `${how}: not even a head`);
        }
        client.socket.destroy();
      }
    });
  }
  t.same(upstream.errors, [], 'the upstream could read whatever it got');
});

/** The upstream gets exactly this message, and the request after it has its own answer. */
async function passes(
  t: Test,
  how: string,
  bytes: string,
  client: RawPeer,
  upstream: StrictUpstream,
  split: (bytes: string) => Iterable<string>,
): Promise<void> {
  const expected = expectedUpstream(bytes, `127.0.0.1:${upstream.port}`);
  // HTTP/1.0 without keep-alive: there is no request after it.
  const alone = bytes.includes(' HTTP/1.0\r\n');
  await client.sendEach(split(alone ? bytes : bytes + SENTINEL));
  const first = await client.readFinal();
  t.equal(first.status, 200, `${how}: accepted`);
  t.same(valuesOf(first, 'x-target'), [expected.target], `${how}: its own answer`);
  if (alone) t.equal(await client.ending(), 'end', `${how}: closed`);
  else t.same(valuesOf(await client.readFinal(), 'x-target'), ['/sentinel'], `${how}: the next has its own`);
  t.equal(upstream.seen.length, alone ? 1 : 2, `${how}: one message each`);
  const { method, target, fields, body } = upstream.seen[0] ?? { fields: [] };
  t.same({ method, target, fields, body }, expected, `${how}: the same message`);
}

async function refused(t: Test, how: string, reason: RequestReason, client: RawPeer): Promise<void> {
  const status = REQUEST_REASONS[reason];
  const answer = await client.readFinal();
  t.equal(answer.status, status, `${how}: ${status}`);
  t.equal(answer.body.toString(), `${reason}\n`, `${how}: the reason`);
  t.same(valuesOf(answer, 'server'), ['headgate']);
  t.same(valuesOf(answer, 'connection'), ['close']);
  t.equal(await client.ending(), 'end', `${how}: closed`);
  t.equal(client.unread.length, 0, `${how}: nothing else is answered`);
}
