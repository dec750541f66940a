import fc from 'fast-check';
import t from 'tap';
import { COMPLETE, INVALID } from '../../src/http1/parse-status.ts';
import { RequestHead } from '../../src/http1/request-head.ts';
import { ResponseHead } from '../../src/http1/response-head.ts';
import { REQUEST_CASES } from './request-cases.ts';
import { RESPONSE_CASES } from './response-cases.ts';
import { feed } from './segments.ts';

/** Small, so that mutants meet them. */
const LIMITS = { requestLineBytes: 30, headerBytes: 90, headers: 3 };
const PIECES = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  ',',
  '\0',
  '\x7f',
  '\xff',
  'a',
  '/',
  'Host: b\r\n',
  ' HTTP/1.1\r\n',
  'Content-Length: 1\r\n',
];

/** A case with some bytes replaced by others at up to three places. */
function mutated(texts: readonly string[]): fc.Arbitrary<Buffer> {
  const change = fc.record({ place: fc.nat(), removed: fc.nat(3), piece: fc.constantFrom('', ...PIECES) });
  return fc.tuple(fc.constantFrom(...texts), fc.array(change, { maxLength: 3 })).map(([text, changes]) => {
    let result = text;
    for (const { place, removed, piece } of changes) {
      const at = place % (result.length + 1);
      result = result.slice(0, at) + piece + result.slice(at + removed);
    }
    return Buffer.from(result, 'latin1');
  });
}

/** All that a parser says of a head. */
function account(head: RequestHead | ResponseHead, bytes: Buffer, ends: readonly number[]): string {
  const { status } = feed(head, bytes, ends);
  if (status === INVALID) return head.reason;
  if (status !== COMPLETE) return 'incomplete';
  const { fields, ...rest } = head;
  const { count, positions, ids, drop } = fields;
  return JSON.stringify({
    ...rest,
    positions: [...positions.subarray(0, 4 * count)],
    ids: [...ids.subarray(0, count)],
    drop: [...drop.subarray(0, count)],
  });
}

/** Checks the property and returns how often each verdict was seen. */
function compare(texts: readonly string[], create: () => RequestHead | ResponseHead): Map<string, number> {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(mutated(texts), fc.array(fc.nat(), { maxLength: 8 }), (bytes, cuts) => {
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const whole = account(create(), bytes, [bytes.length]);
      const verdict = whole.startsWith('{') ? 'accepted' : whole;
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
      return account(create(), bytes, ends) === whole;
    }),
    { numRuns: 4000, seed: 3 },
  );
  return seen;
}

t.test('a request head is read alike however it is divided', async (t) => {
  const texts = REQUEST_CASES.map((one) => one.bytes);
  const seen = compare(texts, () => new RequestHead(LIMITS));
  for (const verdict of [
    'accepted',
    'incomplete',
    'uri_too_long',
    'head_too_large',
    'too_many_fields',
    'obs_fold',
    'bare_cr',
    'bare_lf',
  ]) {
    t.ok((seen.get(verdict) ?? 0) > 5, verdict);
  }
});

t.test('a response head is read alike however it is divided', async (t) => {
  const texts = RESPONSE_CASES.map((one) => one.bytes);
  const seen = compare(texts, () => {
    const head = new ResponseHead(LIMITS);
    head.reset(false);
    return head;
  });
  for (const verdict of [
    'accepted',
    'incomplete',
    'head_too_large',
    'bad_status_line',
    'bad_field_name',
    'bare_cr',
    'bare_lf',
  ]) {
    t.ok((seen.get(verdict) ?? 0) > 5, verdict);
  }
});

/** RFC 9112 2.1 with RFC 9110 5.5 and 5.6.2, written down a second time. */
const FIELDS = String.raw`(?:[!#$%&'*+\-.^_${'`'}|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n`;
const REQUEST = new RegExp(String.raw`^(?:\r\n)*[!#$%&'*+\-.^_${'`'}|~0-9A-Za-z]+ [!"$-~]+ HTTP/1\.[01]\r\n${FIELDS}`);
const RESPONSE = new RegExp(String.raw`^HTTP/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n${FIELDS}`);
const UNLIMITED = { requestLineBytes: 9999, headerBytes: 99999, headers: 999 };
/** What only a head of valid syntax can be refused for. */
const MEANING = /_host|content_length|transfer_|_expectation|upgrade_|_options|_not_allowed|bad_target/;

t.test('a request head is accepted, or refused for what it means, exactly when the grammar matches', async () => {
  fc.assert(
    fc.property(mutated(REQUEST_CASES.map((one) => one.bytes)), (bytes) => {
      const head = new RequestHead(UNLIMITED);
      const status = head.parse(bytes, 0, bytes.length);
      const match = REQUEST.exec(bytes.toString('latin1'));
      if (status === COMPLETE) return match?.[0].length === head.length;
      return match === null || (status === INVALID && MEANING.test(head.reason));
    }),
    { numRuns: 4000, seed: 3 },
  );
});

t.test('a response head is accepted, or refused for what it means, exactly when the grammar matches', async () => {
  fc.assert(
    fc.property(mutated(RESPONSE_CASES.map((one) => one.bytes)), (bytes) => {
      const head = new ResponseHead(UNLIMITED);
      head.reset(false);
      const status = head.parse(bytes, 0, bytes.length);
      const match = RESPONSE.exec(bytes.toString('latin1'));
      if (status === COMPLETE) return match?.[0].length === head.length;
      return match === null || (status === INVALID && MEANING.test(head.reason));
    }),
    { numRuns: 4000, seed: 3 },
  );
});
