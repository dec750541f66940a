import { deepEqual, equal, ok } from 'node:assert/strict';
import { METHODS } from 'node:http';
import { connect } from 'node:net';
import type { Test } from 'tap';
import { type Message, parseHead, valuesOf } from '../lib/message.ts';
import { planeTo } from '../lib/plane.ts';
import { RawPeer } from '../lib/raw-peer.ts';
import { type StrictUpstream, strictUpstream } from '../lib/upstreams.ts';
import type { Lane, Tally } from './campaign.ts';
import { divided } from './mutations.ts';
import { asForwarded, isAnsweredHere, type ReferenceRequest, readRequest } from './reference-request.ts';
import type { RequestCase } from './request-cases.ts';

/** What the reference reader expects of one stream: the requests that are answered, and what comes after them. */
interface Expectation {
  readonly answered: readonly ReferenceRequest[];
  /** `open`: how it goes on depends on how the bytes were divided, or on llhttp. */
  readonly end: 'kept' | 'closed' | 'refused' | 'truncated' | 'cut short' | 'open';
}

/** A data plane and a node:http server in strict mode, which is llhttp, behind it. */
export async function requestLane(t: Test, tally: Tally): Promise<Lane<RequestCase>> {
  const upstream = await strictUpstream(t, (response, { method, target, body }) => {
    response.setHeader('x-answer', answerTo(method, target, body));
    response.end(answerTo(method, target, body));
  });
  const { port } = await planeTo(t, [upstream.port]);
  let count = 0;
  return async ({ text, missing, cuts, endsEarly }) => {
    count += 1;
    const all = `${text}GET /sentinel-${count} HTTP/1.1\r\nHost: sentinel.example\r\n\r\n`;
    const stream = all.slice(0, Math.max(0, all.length - missing));
    const expected = expectationOf(stream);
    tally.set(expected.end, (tally.get(expected.end) ?? 0) + 1);
    upstream.seen.length = 0;
    upstream.errors.length = 0;
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    const client = new RawPeer(socket);
    try {
      await client.sendEach(divided(stream, cuts));
      if (endsEarly) socket.end();
      await checkAnswers(client, expected);
      checkSeen(upstream, expected);
    } finally {
      socket.destroy();
    }
  };
}

function answerTo(method: string, target: string, body: string): string {
  return Buffer.from(`${method} ${target} ${body}`, 'latin1').toString('base64url').slice(0, 1_000);
}

function expectationOf(stream: string): Expectation {
  const answered: ReferenceRequest[] = [];
  for (let at = 0; ; ) {
    const next = readRequest(stream, at);
    if (next.is === 'refused') return { answered, end: 'refused' };
    if (next.is === 'incomplete') return { answered, end: stream.length === at ? 'kept' : 'cut short' };
    const request = next.is === 'complete' ? next.value : next.request;
    const { method, body } = request;
    // Whether Headgate's own answer comes before or after the last byte of the body depends on the segments.
    if (isAnsweredHere(request) ? body !== '' : !METHODS.includes(method)) return { answered, end: 'open' };
    if (next.is !== 'complete') return { answered, end: next.is === 'broken' ? 'refused' : 'truncated' };
    answered.push(request);
    at = next.end;
    // An HTTP/1.0 client would have to be told that the connection stays, and Headgate's own answers do not.
    if (!request.keepAlive || (isAnsweredHere(request) && request.minor === 0)) return { answered, end: 'closed' };
  }
}

async function checkAnswers(client: RawPeer, { answered, end }: Expectation): Promise<void> {
  for (const request of answered) checkAnswer(await client.readFinal(request), request);
  if (end !== 'refused' && end !== 'closed') client.socket.end();
  if (end === 'refused' || end === 'truncated') await checkRefusal(client);
  const ending = await client.ending();
  if (end === 'open') return;
  equal(ending, 'end', 'closed');
  equal(client.unread.length, 0, 'nothing more is answered');
}

/** 4xx or 5xx of Headgate's own, and the end. Its body is left out where it could still read that the method is HEAD. */
async function checkRefusal(client: RawPeer): Promise<void> {
  let head = '';
  do head = await client.readThrough('\r\n\r\n');
  while (head.startsWith('HTTP/1.1 1'));
  const answer = parseHead(head, {});
  ok(answer.status >= 400, `refused: ${answer.status}`);
  deepEqual(valuesOf(answer, 'server'), ['headgate']);
  deepEqual(valuesOf(answer, 'connection'), ['close']);
  await client.ending();
  if (client.unread.length > 0 && typeof answer.framing === 'number') await client.read(answer.framing);
}

function checkAnswer(answer: Message, request: ReferenceRequest): void {
  const { method, target, body } = request;
  if (isAnsweredHere(request)) {
    deepEqual(valuesOf(answer, 'server'), ['headgate']);
    return;
  }
  equal(answer.status, 200, `${method} ${target} is passed on`);
  deepEqual(valuesOf(answer, 'x-answer'), [answerTo(method, target, body ?? '')], 'each request has its own answer');
}

function checkSeen(upstream: StrictUpstream, { answered, end }: Expectation): void {
  const endpoint = `127.0.0.1:${upstream.port}`;
  const expected = answered
    .filter((request) => !isAnsweredHere(request))
    .map((request) => {
      const { method, target, body } = request;
      return { method, target, fields: asForwarded(request, endpoint), body };
    });
  if (end === 'open') upstream.seen.length = Math.min(upstream.seen.length, expected.length);
  const seen = upstream.seen.map(({ method, target, fields, body }) => ({ method, target, fields, body }));
  deepEqual(seen, expected, 'the upstream sees exactly these messages');
  if (end !== 'open') deepEqual(upstream.errors, [], 'and could read whatever it got');
}
