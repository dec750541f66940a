import { authorityHostEnd } from './authority.ts';
import { bytes, COMMA, equalsLower, parseDecimal } from './bytes.ts';
import { ConnectionOptions } from './connection-options.ts';
import { Field, FieldBlock } from './fields.ts';
import { COMPLETE, INCOMPLETE, INVALID, type ParseStatus } from './parse-status.ts';
import { RequestLine } from './request-line.ts';
import { CHUNKED_ONLY, NO_CODING, OTHER_THEN_CHUNKED, readTransferEncoding } from './transfer-encoding.ts';
import { passUpgrade } from './upgrade.ts';

export { ABSOLUTE, ASTERISK, ORIGIN } from './request-line.ts';

/** Bytes and numbers that a head may not exceed. */
export interface RequestHeadLimits {
  /** Request line without its CRLF. */
  readonly requestLineBytes: number;
  /** The whole head with its last empty line and any empty lines before it. */
  readonly headerBytes: number;
  /** Field lines. */
  readonly headers: number;
}

const CONTINUE = bytes('100-continue');

const IN_LINE = 0;
const IN_FIELDS = 1;
const REFUSED = 2;

/**
 * The parser of request heads and, after COMPLETE, the head itself: positions relative to `base`, and what its fields mean for
 * framing and for the life of the connection. One is made for a connection; `reset` makes it ready for the next head.
 */
export class RequestHead extends RequestLine {
  readonly fields: FieldBlock;
  /** Bytes of the head, from `base` to the end of its empty line. */
  length = 0;
  /** -1: no Content-Length. */
  contentLength = -1;
  chunked = false;
  /** Whether the client keeps the connection open after this exchange (RFC 9112 9.3). */
  keepAlive = false;
  /** The client waits for 100 (Continue) before it sends the body. */
  expectContinue = false;
  /**
   * The client asks for another protocol: Upgrade is there, and Connection lists it (RFC 9110 7.8). Never in HTTP/1.0, and never
   * for a protocol that is HTTP itself.
   */
  upgrade = false;
  /** -1: no Max-Forwards, or not a number. */
  maxForwards = -1;
  /** Members of its Via fields: the proxies that it has passed. */
  hops = 0;
  readonly #headerBytes: number;
  readonly #options = new ConnectionOptions();
  #stage = IN_LINE;
  #codings = NO_CODING;
  #hosts = 0;
  #upgradeField = false;

  constructor(limits: RequestHeadLimits) {
    super(limits.requestLineBytes);
    this.#headerBytes = limits.headerBytes;
    this.fields = new FieldBlock(limits.headers);
  }

  /** Where the head starts in the buffer. To be set when the caller moves its bytes. */
  get base(): number {
    return this.fields.base;
  }

  set base(base: number) {
    this.fields.base = base;
  }

  /** Whether content follows the head. */
  get hasBody(): boolean {
    return this.chunked || this.contentLength > 0;
  }

  reset(): void {
    this.resetLine();
    this.#stage = IN_LINE;
  }

  /**
   * Reads on in the head that begins at `start`, which may have moved since the last call as long as its bytes are the same. Bytes
   * behind the head are not touched. The verdict depends on the bytes alone, not on how they were divided into calls.
   */
  parse(buffer: Buffer, start: number, end: number): ParseStatus {
    this.fields.base = start;
    const limit = start + this.#headerBytes;
    const stop = Math.min(end, limit);
    let status: ParseStatus = this.#stage === REFUSED ? INVALID : COMPLETE;
    if (this.#stage === IN_LINE) {
      status = this.scanLine(buffer, start, stop);
      if (status === COMPLETE) {
        this.fields.begin(this.linePosition);
        this.#stage = IN_FIELDS;
      }
    }
    if (status === COMPLETE) {
      status = this.fields.scan(buffer, stop);
      if (status === INVALID) this.reason = this.fields.reason;
    }
    if (status === INCOMPLETE && stop === limit) status = this.refuse('head_too_large');
    if (status === COMPLETE) {
      this.length = this.fields.position;
      status = this.#interpret(buffer);
    }
    if (status === INVALID) this.#stage = REFUSED;
    return status;
  }

  #interpret(buffer: Buffer): ParseStatus {
    const fields = this.fields;
    this.contentLength = -1;
    this.expectContinue = false;
    this.maxForwards = -1;
    this.hops = 0;
    this.#codings = NO_CODING;
    this.#hosts = 0;
    this.#upgradeField = false;
    this.#options.reset();
    const { count, ids } = fields;
    for (let i = 0; i < count; i++) {
      if (ids[i] !== Field.OTHER && !this.#readField(buffer, i, ids[i] ?? 0)) return INVALID;
    }
    // RFC 9112 3.2: also when the target has an authority of its own.
    if (this.#hosts === 0 && this.minor === 1) return this.refuse('missing_host');
    const codings = this.#codings;
    this.chunked = codings === CHUNKED_ONLY;
    if (codings !== NO_CODING) {
      // RFC 9112 6.1 and 6.3: each of these makes the end of the message a matter of opinion.
      if (this.contentLength >= 0) return this.refuse('content_length_and_transfer_encoding');
      if (this.minor === 0) return this.refuse('transfer_encoding_in_http_1_0');
      if (codings === OTHER_THEN_CHUNKED) return this.refuse('unsupported_transfer_coding');
      if (codings !== CHUNKED_ONLY) return this.refuse('bad_transfer_encoding');
    }
    const options = this.#options;
    this.keepAlive = !options.close && (this.minor === 1 || options.keepAlive);
    this.upgrade = this.#upgradeField && options.upgrade && this.minor === 1;
    if (this.upgrade && this.hasBody) return this.refuse('upgrade_with_body');
    if (this.#upgradeField) this.upgrade = passUpgrade(buffer, fields, this.upgrade);
    // Without content there is nothing to wait for.
    this.expectContinue = this.expectContinue && this.hasBody;
    return COMPLETE;
  }

  /** Takes in one recognised field. False: refused, and `reason` says why. */
  #readField(buffer: Buffer, index: number, id: number): boolean {
    const { base, positions } = this.fields;
    const start = base + (positions[4 * index + 2] ?? 0);
    const end = base + (positions[4 * index + 3] ?? 0);
    switch (id) {
      case Field.HOST:
        return this.#readHost(buffer, start, end);
      case Field.CONNECTION:
        return this.#options.read(buffer, this.fields, index) || this.no('too_many_connection_options');
      case Field.CONTENT_LENGTH:
        if (this.contentLength >= 0) return this.no('duplicate_content_length');
        this.contentLength = parseDecimal(buffer, start, end);
        return this.contentLength >= 0 || this.no('bad_content_length');
      case Field.TRANSFER_ENCODING:
        this.#codings = readTransferEncoding(buffer, start, end, this.#codings);
        return true;
      case Field.EXPECT:
        if (this.minor === 0) {
          // RFC 9110 10.1.1: what an HTTP/1.0 client says here is ignored; passed on in HTTP/1.1 it would mean something.
          this.fields.drop[index] = 1;
          return true;
        }
        this.expectContinue = equalsLower(buffer, start, end, CONTINUE);
        return this.expectContinue || this.no('unknown_expectation');
      case Field.UPGRADE:
        this.#upgradeField = true;
        return true;
      case Field.VIA:
        this.hops += countMembers(buffer, start, end);
        return true;
      case Field.MAX_FORWARDS:
        this.maxForwards = parseDecimal(buffer, start, end);
        return true;
      default:
        return true;
    }
  }

  #readHost(buffer: Buffer, start: number, end: number): boolean {
    if (this.#hosts++ > 0) return this.no('duplicate_host');
    const hostNameEnd = authorityHostEnd(buffer, start, end);
    if (hostNameEnd < 0) return this.no('bad_host');
    // The authority of an absolute-form target replaces Host (RFC 9112 3.2.2).
    if (this.hostStart >= 0) return true;
    const base = this.fields.base;
    this.hostStart = start - base;
    this.hostEnd = end - base;
    this.hostNameEnd = hostNameEnd - base;
    return true;
  }
}

/** Members of a list field's value; commas within comments or quotes count too, which a bound on hops can bear. */
function countMembers(buffer: Buffer, start: number, end: number): number {
  let members = 1;
  for (let p = start; p < end; p++) if (buffer[p] === COMMA) members++;
  return members;
}
