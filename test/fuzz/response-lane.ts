import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { connect } from 'node:net';
import type { Test } from 'tap';
import { type Message, valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { RawPeer, turn } from '../lib/raw-peer.ts';
import { rawUpstream } from '../lib/upstreams.ts';
import type { Lane, Tally } from './campaign.ts';
import { divided } from './mutations.ts';
import { nodeReads } from './node-client.ts';
import {
  finalFields,
  interimFields,
  type ReferenceHead,
  type ReferenceResponse,
  readResponse,
} from './reference-response.ts';
import type { ResponseCase } from './response-cases.ts';

/** What the upstream does about the case in hand. */
interface Play {
  readonly pieces: readonly string[];
  readonly ends: boolean;
  /** There are bytes behind the end of the response. */
  readonly spoils: boolean;
  /** It has sent what it had to send. */
  over: boolean;
}

type Fate = 'passed on' | 'cut' | 'bad gateway';

/** An upstream of raw bytes behind a data plane, and a client in front of it. */
export async function responseLane(t: Test, tally: Tally): Promise<Lane<ResponseCase>> {
  let play: Play = { pieces: [], ends: false, spoils: false, over: true };
  const upstream = await rawUpstream(t, async (peer) => {
    let spoilt = false;
    for (;;) {
      const [, target = ''] = (await peer.readRequest()).startLine.split(' ');
      // Half of another answer may have come: the rest would be the answer to this (CVE-2026-48931).
      ok(!spoilt, 'a connection that has said too much is not used again');
      if (target.startsWith('/sentinel')) {
        peer.send(`HTTP/1.1 200 OK\r\nX-For: ${target}\r\nContent-Length: 2\r\n\r\nok`);
        continue;
      }
      await peer.sendEach(play.pieces);
      if (play.ends) peer.socket.end();
      spoilt = play.spoils;
      play.over = true;
    }
  });
  const { port } = await planeTo(t, [upstream.port]);
  let count = 0;
  return async ({ method, http10, text, missing, cuts, ends }) => {
    count += 1;
    const sent = text.slice(0, Math.max(0, text.length - missing));
    const expected = readResponse(sent, method);
    const fate = fateOf(expected);
    tally.set(fate, (tally.get(fate) ?? 0) + 1);
    const endsItself = fate === 'passed on' && expected.framing !== 'close';
    play = { pieces: divided(sent, cuts), ends: ends || !endsItself, spoils: expected.extra !== '', over: false };
    const client = new Client(port);
    try {
      client.send(requestOf(method, http10));
      const stays = await checkAnswer(client, method, http10, expected, fate);
      // Bytes behind the end that come after the next request has gone out are its answer to anybody.
      while (!play.over) await turn();
      await turn();
      await turn();
      await checkSentinel(port, stays ? client : null, `/sentinel-${count}`);
      deepEqual(upstream.errors, [], 'the upstream can read whatever it gets');
    } finally {
      client.peer.socket.destroy();
    }
  };
}

/** A client that also keeps all bytes it has got. */
class Client {
  readonly peer: RawPeer;
  readonly got: Buffer[] = [];

  constructor(port: number) {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    socket.on('data', (chunk: Buffer) => this.got.push(chunk));
    this.peer = new RawPeer(socket);
  }

  send(text: string): void {
    this.peer.send(text);
  }
}

function requestOf(method: string, http10: boolean): string {
  const body = method === 'POST' ? 'content-length: 4\r\n\r\nbody' : '\r\n';
  return `${method} /case HTTP/1.${http10 ? 0 : 1}\r\nHost: a\r\n${http10 ? 'Connection: keep-alive\r\n' : ''}${body}`;
}

function fateOf({ head, body }: ReferenceResponse): Fate {
  if (head === null) return 'bad gateway';
  return body === null ? 'cut' : 'passed on';
}

/** Resolves with whether the client's connection stays. */
async function checkAnswer(
  { peer, got }: Client,
  method: string,
  http10: boolean,
  expected: ReferenceResponse,
  fate: Fate,
): Promise<boolean> {
  const { head, framing } = expected;
  if (fate === 'cut') {
    const answer = await peer.readFinal({ method }).catch(() => null);
    if (answer !== null) {
      // What is broken beside its head is found before that has left.
      deepEqual(
        [answer.status, valuesOf(answer, 'server')],
        [502, ['headgate']],
        'what is not whole must not look whole',
      );
      ok(method === 'HEAD' || answer.body.toString() === 'bad_response\n', 'nothing of the upstream');
      return !http10;
    }
    equal(peer.error, 'ECONNRESET');
    if (!http10) await rejects(nodeReads(Buffer.concat(got), method), 'nor to llhttp');
    return false;
  }
  if (!http10) {
    for (const one of expected.interim) checkInterim(await peer.readResponse({ method }), one);
  }
  const answer = await peer.readFinal({ method });
  const stays = head === null ? !http10 : !http10 || (framing !== 'chunked' && framing !== 'close');
  if (head === null) {
    equal(answer.status, 502);
    deepEqual(valuesOf(answer, 'server'), ['headgate']);
    ok(
      method === 'HEAD' || /^(bad_response|truncated|reset)\n$/.test(answer.body.toString()),
      'nothing of the upstream',
    );
  } else {
    equal(answer.startLine, `HTTP/1.1 ${head.status} ${head.reason}`);
    deepEqual(
      withoutAddedDate(answer, head),
      finalFields(head, framing, { http10, keepAlive: stays }),
      'the same fields',
    );
    equal(answer.body.toString('latin1'), expected.body, 'the same body');
  }
  if (!stays) equal(await peer.ending(), 'end', 'closed');
  equal(peer.unread.length, 0, 'and nothing more');
  const seen = await nodeReads(Buffer.concat(got), method);
  deepEqual([seen.status, seen.fields], [answer.status, answer.fields], 'llhttp reads the same response');
  equal(seen.body, answer.body.toString('latin1'), 'and the same body');
  return stays;
}

function checkInterim(answer: Message, head: ReferenceHead): void {
  equal(answer.startLine, `HTTP/1.1 ${head.status} ${head.reason}`);
  deepEqual(answer.fields, interimFields(head));
}

function withoutAddedDate({ fields }: Message, head: ReferenceHead): (readonly [string, string])[] {
  if (valuesOf(head, 'date').length > 0) return [...fields];
  return fields.map(([name, value]) => [name, name === 'date' ? '' : value] as const);
}

/** The next request, on the same connection where it stays, has its own answer. */
async function checkSentinel(port: number, client: Client | null, target: string): Promise<void> {
  const { peer } = client ?? new Client(port);
  try {
    peer.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const answer = await peer.readFinal();
    equal(answer.status, 200);
    deepEqual(valuesOf(answer, 'x-for'), [target], 'the next request has its own answer');
    equal(answer.body.toString(), 'ok');
    ok(peer.unread.length === 0, 'and nothing more');
  } finally {
    peer.socket.destroy();
  }
}
