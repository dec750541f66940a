import { bytes, COMMA, CR, HTAB, LF, parseDecimal, SP, startsWithLower, TEXT, ZERO } from './bytes.ts';
import { ConnectionOptions } from './connection-options.ts';
import { Field, FieldBlock } from './fields.ts';
import { COMPLETE, INCOMPLETE, INVALID, type ParseStatus } from './parse-status.ts';
import type { ResponseReason } from './reason.ts';
import { CHUNKED_ONLY, NO_CODING, readTransferEncoding } from './transfer-encoding.ts';

/** Bytes and field lines that a head may not exceed. */
export interface ResponseHeadLimits {
  /** The whole head with its last empty line. */
  readonly headerBytes: number;
  readonly headers: number;
}

/** No content follows: HEAD, 1xx, 204 and 304. */
export const NONE = 0;
/** Content-Length bytes follow. */
export const LENGTH = 1;
/** A chunked body follows. */
export const CHUNKED = 2;
/** The body ends with the connection. */
export const CLOSE = 3;

const HTTP_1 = bytes('HTTP/1.');
const TIMEOUT = bytes('timeout=');

const IN_VERSION = 0;
const IN_REASON = 1;
const LINE_FEED = 2;
const IN_FIELDS = 3;
const REFUSED = 4;

/** `HTTP/1.1 200`: the part of a status line that has a fixed length. */
const STATUS_END = 12;

/**
 * The parser of response heads and, after COMPLETE, the head itself: positions relative to `base`, and what its fields mean for
 * framing and for the life of the upstream connection. One is made for a connection; `reset` makes it ready for the next head.
 */
export class ResponseHead {
  readonly fields: FieldBlock;
  /** Bytes of the head, from `base` to the end of its empty line. */
  length = 0;
  /** 100 to 599. */
  status = 0;
  /** The reason phrase, which may be empty. */
  reasonStart = 0;
  reasonEnd = 0;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minor: 0 | 1 = 1;
  /** -1: no Content-Length. An answer to HEAD and a 304 keep theirs without having a body. */
  contentLength = -1;
  /** Transfer-Encoding is `chunked`; an answer to HEAD and a 304 may say so without having a body. */
  chunked = false;
  /** How the body ends: NONE, LENGTH, CHUNKED or CLOSE (RFC 9112 6.3). */
  bodyKind: typeof NONE | typeof LENGTH | typeof CHUNKED | typeof CLOSE = NONE;
  /** Whether the connection may carry another exchange after this response. */
  keepAlive = false;
  /** The upstream lists `upgrade` in Connection and names a protocol in Upgrade, as a 101 must. */
  upgrade = false;
  /** Seconds that the upstream keeps an idle connection, from `Keep-Alive: timeout=N`; -1: not said. */
  keepAliveTimeout = -1;
  hasDate = false;
  hasServer = false;
  /** After INVALID: why. */
  reason: ResponseReason = 'bad_status_line';
  readonly #headerBytes: number;
  readonly #options = new ConnectionOptions();
  #stage = IN_VERSION;
  #position = 0;
  #headRequest = false;
  #codings = NO_CODING;
  #upgradeField = false;

  constructor(limits: ResponseHeadLimits) {
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

  /** A 1xx: another head follows. 101 is one too; what follows it is another protocol. */
  get informational(): boolean {
    return this.status < 200;
  }

  /** Made ready for the next head: also between a 1xx and the final response to the same request. */
  reset(requestMethodIsHead: boolean): void {
    this.#headRequest = requestMethodIsHead;
    this.#stage = IN_VERSION;
    this.#position = 0;
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
    if (this.#stage < IN_FIELDS) {
      status = this.#scanLine(buffer, start, stop);
      if (status === COMPLETE) {
        this.fields.begin(this.#position);
        this.#stage = IN_FIELDS;
      }
    }
    if (status === COMPLETE) {
      status = this.fields.scan(buffer, stop);
      if (status === INVALID) this.reason = this.fields.reason;
    }
    if (status === INCOMPLETE && stop === limit) status = this.#refuse('head_too_large');
    if (status === COMPLETE) {
      this.length = this.fields.position;
      status = this.#interpret(buffer);
    }
    if (status === INVALID) this.#stage = REFUSED;
    return status;
  }

  #scanLine(buffer: Buffer, base: number, end: number): ParseStatus {
    let p = base + this.#position;
    const statusEnd = base + STATUS_END;
    while (p < end && p < statusEnd) {
      if (!this.#acceptAt(p - base, buffer[p] ?? 0)) return INVALID;
      p++;
    }
    if (this.#stage === IN_VERSION && p < end) {
      // RFC 9112 4 demands a space after the status even when no phrase follows. Servers leave it out; nginx, HAProxy and llhttp
      // accept that, and it cannot be misread.
      if (buffer[p] !== SP && buffer[p] !== CR) return this.#refuse(buffer[p] === LF ? 'bare_lf' : 'bad_status_line');
      if (buffer[p] === SP) p++;
      this.reasonStart = p - base;
      this.#stage = IN_REASON;
    }
    if (this.#stage === IN_REASON) {
      while (p < end && TEXT[buffer[p] ?? 0] === 1) p++;
      if (p < end) {
        if (buffer[p] !== CR) return this.#refuse(buffer[p] === LF ? 'bare_lf' : 'bad_status_line');
        this.reasonEnd = p++ - base;
        this.#stage = LINE_FEED;
      }
    }
    this.#position = p - base;
    if (this.#stage !== LINE_FEED || p >= end) return INCOMPLETE;
    if (buffer[p] !== LF) return this.#refuse('bare_cr');
    this.#position++;
    return COMPLETE;
  }

  /** One byte of `HTTP/1.1 200`. Other versions are refused: the proxy asked in HTTP/1.1 (RFC 9110 2.5). */
  #acceptAt(index: number, byte: number): boolean {
    if (index < HTTP_1.length) return byte === HTTP_1[index] || this.#no('bad_status_line');
    const digit = byte - ZERO;
    if (index === 7) {
      this.minor = digit === 0 ? 0 : 1;
      return digit === 0 || digit === 1 || this.#no('bad_status_line');
    }
    if (index === 8) {
      this.status = 0;
      return byte === SP || this.#no('bad_status_line');
    }
    if (digit < 0 || digit > 9) return this.#no('bad_status_line');
    // RFC 9110 15: values outside 100 to 599 are invalid.
    if (index === 9 && (digit < 1 || digit > 5)) return this.#no('bad_status');
    this.status = this.status * 10 + digit;
    return true;
  }

  #interpret(buffer: Buffer): ParseStatus {
    const { count, ids } = this.fields;
    this.contentLength = -1;
    this.keepAliveTimeout = -1;
    this.hasDate = false;
    this.hasServer = false;
    this.#codings = NO_CODING;
    this.#upgradeField = false;
    this.#options.reset();
    for (let i = 0; i < count; i++) {
      if (ids[i] !== Field.OTHER && !this.#readField(buffer, i, ids[i] ?? 0)) return INVALID;
    }
    this.chunked = this.#codings === CHUNKED_ONLY;
    if (this.#codings !== NO_CODING) {
      // RFC 9112 6.1 and 6.3: a message whose end is a matter of opinion, and a body in codings that were not asked for.
      if (this.contentLength >= 0) return this.#refuse('content_length_and_transfer_encoding');
      if (this.minor === 0) return this.#refuse('transfer_encoding_in_http_1_0');
      if (!this.chunked) return this.#refuse('bad_transfer_encoding');
    }
    const options = this.#options;
    this.keepAlive = !options.close && (this.minor === 1 || options.keepAlive);
    this.upgrade = this.#upgradeField && options.upgrade && this.minor === 1;
    if (this.status < 200 || this.status === 204) this.#stripFraming();
    else this.#chooseBody();
    return COMPLETE;
  }

  /** RFC 9110 8.6 and RFC 9112 6.1: 1xx and 204 carry neither field. An upstream that sends one may send a body as well. */
  #stripFraming(): void {
    const { count, ids, drop } = this.fields;
    this.bodyKind = NONE;
    if (this.chunked || this.contentLength > 0) this.keepAlive = false;
    this.chunked = false;
    this.contentLength = -1;
    for (let i = 0; i < count; i++) {
      if (ids[i] === Field.CONTENT_LENGTH || ids[i] === Field.TRANSFER_ENCODING) drop[i] = 1;
    }
  }

  #chooseBody(): void {
    if (this.#headRequest || this.status === 304) {
      this.bodyKind = NONE;
    } else if (this.chunked) {
      this.bodyKind = CHUNKED;
    } else if (this.contentLength >= 0) {
      this.bodyKind = LENGTH;
    } else {
      this.bodyKind = CLOSE;
      this.keepAlive = false;
    }
  }

  /** Takes in one recognised field. False: refused, and `reason` says why. */
  #readField(buffer: Buffer, index: number, id: number): boolean {
    const { base, positions } = this.fields;
    const start = base + (positions[4 * index + 2] ?? 0);
    const end = base + (positions[4 * index + 3] ?? 0);
    switch (id) {
      case Field.CONNECTION:
        return this.#options.read(buffer, this.fields, index) || this.#no('too_many_connection_options');
      case Field.CONTENT_LENGTH:
        if (this.contentLength >= 0) return this.#no('duplicate_content_length');
        this.contentLength = parseDecimal(buffer, start, end);
        return this.contentLength >= 0 || this.#no('bad_content_length');
      case Field.TRANSFER_ENCODING:
        this.#codings = readTransferEncoding(buffer, start, end, this.#codings);
        return true;
      case Field.KEEP_ALIVE:
        this.keepAliveTimeout = readTimeout(buffer, start, end);
        return true;
      case Field.UPGRADE:
        this.#upgradeField = true;
        return true;
      case Field.DATE:
        this.hasDate = true;
        return true;
      case Field.SERVER:
        this.hasServer = true;
        return true;
      default:
        return true;
    }
  }

  #refuse(reason: ResponseReason): typeof INVALID {
    this.reason = reason;
    return INVALID;
  }

  #no(reason: ResponseReason): false {
    this.reason = reason;
    return false;
  }
}

/** N of `timeout=N` in a Keep-Alive value (RFC 2068 19.7.1.1, what servers still send); -1 when it is not there. */
function readTimeout(buffer: Buffer, start: number, end: number): number {
  let p = start;
  while (p < end) {
    while (p < end && (buffer[p] === SP || buffer[p] === HTAB || buffer[p] === COMMA)) p++;
    const from = p;
    while (p < end && buffer[p] !== COMMA && buffer[p] !== SP) p++;
    if (startsWithLower(buffer, from, p, TIMEOUT)) return parseDecimal(buffer, from + TIMEOUT.length, p);
  }
  return -1;
}
