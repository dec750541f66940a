import { equal, ok } from 'node:assert/strict';
import { Field } from '../../src/http1/fields.ts';
import { COMPLETE } from '../../src/http1/parse-status.ts';
import { CHUNKED, CLOSE, LENGTH, NONE, ResponseHead, type ResponseHeadLimits } from '../../src/http1/response-head.ts';
import { writeResponseHead } from '../../src/proxy/client-response.ts';
import { checkFields, type FieldLine, sameLines } from './check-fields.ts';
import { compareHeads } from './compare-heads.ts';
import { divisionsOf } from './divisions.ts';
import { feed } from './feed.ts';

const UNLIMITED = { headerBytes: 1e6, headers: 1_000 };
const VERSION_LINE = Buffer.from('x-version: canary\r\n', 'latin1');
const DATE_LINE = Buffer.from('date: Thu, 01 Jan 2026 00:00:00 GMT\r\n', 'latin1');
const OWN: ReadonlySet<number> = new Set([Field.VIA, Field.DATE, Field.CONNECTION, Field.TRANSFER_ENCODING]);

/** Checks one response head, as the answer to HEAD or to another method. */
export function checkResponseHead(bytes: Buffer, limits: ResponseHeadLimits, toHead: boolean): void {
  const whole = made(limits, toHead);
  const status = whole.parse(bytes, 0, bytes.length);
  const divisions = divisionsOf(bytes);
  for (const ends of [divisions.bytewise, divisions.random]) {
    const divided = made(limits, toHead);
    const fed = feed(divided, bytes, ends);
    equal(fed.status, status, 'the same verdict however the bytes come');
    compareHeads(status, whole, divided, meaning);
    if (status === COMPLETE && ends.length === bytes.length) equal(fed.arrived, whole.length, 'not a byte later');
  }
  if (status !== COMPLETE) return;
  ok(whole.length > 0 && whole.length <= bytes.length && whole.length <= limits.headerBytes, 'within bounds');
  ok(whole.status >= 100 && whole.status <= 599, 'a status');
  ok(whole.reasonStart <= whole.reasonEnd && whole.reasonEnd < whole.length, 'a reason in the head');
  checkFraming(whole, toHead);
  const lines = checkFields(whole.fields, bytes, whole.length);
  if (!whole.informational) for (const http10 of [false, true]) checkWritten(bytes, whole, lines, http10, toHead);
}

function made(limits: ResponseHeadLimits, toHead: boolean): ResponseHead {
  const head = new ResponseHead(limits);
  head.reset(toHead);
  return head;
}

function meaning(head: ResponseHead): readonly (number | boolean)[] {
  return [
    head.length,
    head.status,
    head.reasonStart,
    head.reasonEnd,
    head.minor,
    head.contentLength,
    head.chunked,
    head.bodyKind,
    head.keepAlive,
    head.upgrade,
    head.keepAliveTimeout,
    head.hasDate,
    head.hasServer,
    head.fields.count,
  ];
}

/** RFC 9112 6.3 in its own order. */
function checkFraming(head: ResponseHead, toHead: boolean): void {
  const { status, bodyKind } = head;
  if (toHead || status < 200 || status === 204 || status === 304) equal(bodyKind, NONE);
  else if (head.chunked) equal(bodyKind, CHUNKED);
  else equal(bodyKind, head.contentLength >= 0 ? LENGTH : CLOSE);
  ok(!(head.chunked && head.contentLength >= 0), 'one framing at most');
  if (bodyKind === CLOSE) equal(head.keepAlive, false, 'a body that ends with the connection ends it');
}

/** What goes to the client is read as the same response. */
function checkWritten(
  bytes: Buffer,
  head: ResponseHead,
  lines: readonly FieldLine[],
  http10: boolean,
  toHead: boolean,
): void {
  const chunked = !http10 && (head.bodyKind === CLOSE || head.bodyKind === CHUNKED);
  const out = Buffer.alloc(head.length + 1024, 0xff);
  const own = { versionLine: VERSION_LINE, dateLine: DATE_LINE };
  const options = { http10, keepAlive: !http10, chunked, trailers: null, ...own };
  const length = writeResponseHead(out, bytes, head, options);
  const again = made(UNLIMITED, toHead);
  const what = () => JSON.stringify(out.toString('latin1', 0, length));
  ok(again.parse(out, 0, length) === COMPLETE, () => `refused (${again.reason}): ${what()}`);
  ok(again.length === length, () => `a second message: ${what()}`);
  equal(again.status, head.status);
  const reason = (from: ResponseHead, buffer: Buffer) => buffer.toString('latin1', from.reasonStart, from.reasonEnd);
  equal(reason(again, out), reason(head, bytes));
  ok(again.hasDate, 'a date');
  if (head.bodyKind !== NONE) {
    equal(again.contentLength, chunked ? -1 : head.contentLength, 'the same length');
    equal(again.bodyKind, chunked ? CHUNKED : head.bodyKind === CHUNKED ? CLOSE : head.bodyKind, 'the same body');
  }
  equal(again.keepAlive && again.bodyKind !== CLOSE, !http10 && again.bodyKind !== CLOSE, 'kept as decided');
  const skipped = (id: number, dropped: boolean) => dropped || OWN.has(id) || (chunked && id === Field.CONTENT_LENGTH);
  const passed = lines.filter(([, , id, dropped]) => !skipped(id, dropped));
  const written = checkFields(again.fields, out, length).filter(
    ([name, value, id]) => !skipped(id, false) && !(name === 'x-version' && value === 'canary'),
  );
  const kept = passed.filter(([name, value]) => !(name === 'x-version' && value === 'canary'));
  ok(sameLines(written, kept), () => `other fields: ${what()}`);
}
