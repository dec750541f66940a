import t from 'tap';
import { describeResponse } from '../compare/describe-response.ts';
import { startHeadgate } from '../compare/headgate.ts';
import { type Observation, observe, overLanes } from '../compare/observe.ts';
import { isSentinel, SENTINEL } from '../compare/recorder.ts';
import type { Reading } from './read-messages.ts';
import { STRICTER } from './stricter.ts';
import { agrees, readVector, VECTOR_FILES, type Vector, vectorsOf } from './vectors.ts';

const LANES = 8;
/** Every reason for a refusal has several words. */
const REFUSED = /_/;
const GET = 'GET / HTTP/1.1\r\nHost: vectors.example\r\n\r\n';

const subject = await startHeadgate(LANES);
t.teardown(() => subject.stop());

await t.test('every vector has an author and a licence', async (t) => {
  for (const file of VECTOR_FILES) {
    const { source, licence, vectors } = vectorsOf(file);
    t.match(`${source} ${licence}`, /\w+ .*(MIT|BSD|Apache|IETF)/, file);
    t.ok(vectors.length > 0, `${file}: ${vectors.length} vectors`);
  }
});

for (const file of VECTOR_FILES) {
  const { vectors } = vectorsOf(file);
  const requests = vectors.filter(({ side }) => side === 'request');
  const responses = vectors.filter(({ side, head }) => side === 'response' && head !== true);

  await t.test(`${file}: the codec reads each vector as its authors do, or has a reason`, async (t) => {
    t.same(vectors.flatMap(codecProblems), []);
  });

  if (requests.length > 0) {
    await t.test(`${file}: of requests the upstream gets what the codec reads, and nothing else`, async (t) => {
      const problems = await overLanes(subject.lanes, requests, async (lane, vector) => {
        const { bytes, reading } = readVector(vector);
        const whole = reading.verdict === 'accepted';
        // Some authors say nothing of the bytes behind their last message.
        if (whole && bytes.length > reading.at) return [];
        const sent = bytes.toString('latin1') + (whole ? SENTINEL : '');
        return requestProblems(vector.name, reading, await observe(lane, 0, sent, null));
      });
      t.same(problems.flat(), []);
    });
  }

  if (responses.length > 0) {
    await t.test(`${file}: of responses the client gets what the codec reads, or no whole one`, async (t) => {
      const problems = await overLanes(subject.lanes, responses, async (lane, vector) => {
        const { verdict } = readVector(vector).reading;
        const observation = await observe(lane, 0, GET + SENTINEL, vector.bytes);
        const { accepted, text } = describeResponse(vector.bytes, observation);
        // Nobody asked for the other protocol.
        const switched = vector.bytes.startsWith('HTTP/1.1 101');
        const expected = !switched && (verdict === 'accepted' || verdict === 'closed');
        return accepted === expected ? [] : [`${vector.name}: ${verdict}, but ${text}`];
      });
      t.same(problems.flat(), []);
    });
  }
}

function codecProblems(vector: Vector): string[] {
  const { name, expect, headgate, why } = vector;
  const { reading } = readVector(vector);
  const found = `${reading.verdict}, ${reading.messages} messages with ${reading.content} bytes`;
  const agreed = agrees(vector, reading);
  if (headgate === undefined) return agreed ? [] : [`${name}: ${expect}, but ${found}`];
  if (reading.verdict !== headgate) return [`${name}: is said to be ${headgate}, but is ${found}`];
  if (agreed) return [`${name}: is said to differ, and does not`];
  return (why ?? STRICTER[headgate] ?? '') === '' ? [`${name}: differs without a reason: ${found}`] : [];
}

function requestProblems(
  name: string,
  { verdict, ...reading }: Reading,
  { upstream, received }: Observation,
): string[] {
  const problems: string[] = [];
  const whole = verdict === 'accepted';
  const messages = upstream.filter(({ message, flaw }) => flaw === '' && !isSentinel(message));
  for (const { flaw } of upstream) {
    if (flaw !== '' && (whole || flaw !== 'part of a body')) problems.push(`${name}: the upstream got ${flaw}`);
  }
  // Headgate answers Max-Forwards: 0 by itself.
  const own = whole ? (received.match(/^HTTP\/1\.1 [2-5]/gm)?.length ?? 0) - upstream.length : 0;
  const enough = whole ? messages.length + own === reading.messages : messages.length <= reading.messages;
  if (!enough) problems.push(`${name}: ${messages.length} messages instead of ${reading.messages}`);
  const content = messages.reduce((total, message) => total + message.content.length, 0);
  if (content !== reading.content) problems.push(`${name}: ${content} bytes of content instead of ${reading.content}`);
  if (REFUSED.test(verdict) && !/^HTTP\/1\.1 [45]\d\d /m.test(received))
    problems.push(`${name}: ${verdict}, not refused`);
  return problems;
}
