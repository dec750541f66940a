import { equal, ok } from 'node:assert/strict';
import { Field } from '../../src/http1/fields.ts';
import { Method } from '../../src/http1/method.ts';
import { COMPLETE, INCOMPLETE } from '../../src/http1/parse-status.ts';
import { RequestHead, type RequestHeadLimits } from '../../src/http1/request-head.ts';
import { ClientIdentity, writeUpstreamRequest } from '../../src/proxy/upstream-request.ts';
import { checkFields, type FieldLine, sameLines } from './check-fields.ts';
import { compareHeads } from './compare-heads.ts';
import { divisionsOf } from './divisions.ts';
import { feed } from './feed.ts';

const UNLIMITED = { requestLineBytes: 1e6, headerBytes: 1e6, headers: 1_000 };
const CLIENTS = [new ClientIdentity('192.0.2.1', false, false), new ClientIdentity('192.0.2.2', true, true)] as const;
const ENDPOINT = '127.0.0.1:8080';
/** Fields that the proxy may write, replace or leave out by rules that its own tests check. */
const OWN: ReadonlySet<number> = new Set([
  Field.HOST,
  Field.VIA,
  Field.X_FORWARDED_FOR,
  Field.X_FORWARDED_PROTO,
  Field.X_FORWARDED_HOST,
  Field.FORWARDED,
  Field.MAX_FORWARDS,
  Field.CONNECTION,
  Field.UPGRADE,
  Field.TE,
  Field.TRANSFER_ENCODING,
]);

/** Checks one request head and returns it when it is complete: parsed from `bytes` as they are. */
export function checkRequestHead(bytes: Buffer, limits: RequestHeadLimits): RequestHead | null {
  const whole = new RequestHead(limits);
  const status = whole.parse(bytes, 0, bytes.length);
  const divisions = divisionsOf(bytes);
  for (const ends of [divisions.bytewise, divisions.random]) {
    const divided = new RequestHead(limits);
    const fed = feed(divided, bytes, ends);
    equal(fed.status, bytes.length === 0 ? INCOMPLETE : status, 'the same verdict however the bytes come');
    compareHeads(status, whole, divided, meaning);
    if (status === COMPLETE && ends.length === bytes.length) equal(fed.arrived, whole.length, 'not a byte later');
  }
  if (status !== COMPLETE) return null;
  ok(whole.length > 0 && whole.length <= bytes.length && whole.length <= limits.headerBytes, 'within bounds');
  checkLine(whole);
  const lines = checkFields(whole.fields, bytes, whole.length);
  for (const client of CLIENTS) checkWritten(bytes, whole, lines, client);
  return whole;
}

function meaning(head: RequestHead): readonly (number | boolean)[] {
  return [
    head.length,
    head.methodStart,
    head.methodEnd,
    head.targetStart,
    head.targetEnd,
    head.method,
    head.minor,
    head.targetForm,
    head.pathStart,
    head.pathEnd,
    head.queryStart,
    head.hostStart,
    head.hostEnd,
    head.hostNameEnd,
    head.contentLength,
    head.chunked,
    head.keepAlive,
    head.expectContinue,
    head.upgrade,
    head.maxForwards,
    head.hops,
    head.fields.count,
  ];
}

function checkLine(head: RequestHead): void {
  ok(head.methodStart >= 0 && head.methodStart < head.methodEnd, 'a method');
  ok(head.methodEnd < head.targetStart && head.targetStart < head.targetEnd, 'a target');
  ok(head.targetStart <= head.pathStart && head.pathStart <= head.queryStart, 'a path in the target');
  ok(head.queryStart <= head.pathEnd && head.pathEnd === head.targetEnd, 'a query in the target');
  ok(head.targetEnd < head.length, 'all in the head');
  if (head.hostStart < 0) ok(head.minor === 0 && head.hostEnd === -1, 'only HTTP/1.0 has no host');
  else
    ok(head.hostStart < head.hostNameEnd && head.hostNameEnd <= head.hostEnd && head.hostEnd < head.length, 'a host');
  ok(!(head.chunked && head.contentLength >= 0), 'one framing at most');
  ok(head.contentLength >= -1 && Number.isSafeInteger(head.contentLength), 'a length that can be counted');
}

/** What goes to the upstream is read as the same request. */
function checkWritten(bytes: Buffer, head: RequestHead, lines: readonly FieldLine[], client: ClientIdentity): void {
  const out = Buffer.alloc(2 * head.length + 1024, 0xff);
  const length = writeUpstreamRequest(out, bytes, head, client, ENDPOINT, null);
  ok(length <= out.length, 'it fits');
  const again = new RequestHead(UNLIMITED);
  const what = () => JSON.stringify(out.toString('latin1', 0, length));
  ok(again.parse(out, 0, length) === COMPLETE, () => `refused (${again.reason}): ${what()}`);
  ok(again.length === length, () => `a second message: ${what()}`);
  const text = (from: RequestHead, buffer: Buffer, start: number, end: number) =>
    buffer.toString('latin1', from.base + start, from.base + end);
  equal(text(again, out, again.methodStart, again.methodEnd), text(head, bytes, head.methodStart, head.methodEnd));
  equal(text(again, out, again.targetStart, again.targetEnd), originForm(bytes, head));
  const host = head.hostStart < 0 ? ENDPOINT : text(head, bytes, head.hostStart, head.hostEnd);
  equal(text(again, out, again.hostStart, again.hostEnd), host, 'the same authority');
  equal(again.chunked, head.chunked, 'the same coding');
  equal(again.contentLength, head.contentLength, 'the same length');
  equal(again.hops, head.hops + 1, 'one proxy more');
  const passed = lines.filter(([, , id, dropped]) => !dropped && !OWN.has(id));
  const written = checkFields(again.fields, out, length).filter(([, , id]) => !OWN.has(id));
  ok(sameLines(written, passed), () => `other fields: ${what()}`);
}

function originForm(bytes: Buffer, head: RequestHead): string {
  const path = bytes.toString('latin1', head.base + head.pathStart, head.base + head.pathEnd);
  if (path === '') return head.method === Method.OPTIONS ? '*' : '/';
  return path.startsWith('?') ? `/${path}` : path;
}
