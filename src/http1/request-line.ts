import { authorityHostEnd } from './authority.ts';
import {
  bytes,
  CR,
  DOT,
  equalsBytes,
  LF,
  QUESTION,
  SLASH,
  SP,
  STAR,
  startsWithLower,
  TARGET,
  TOKEN,
  ZERO,
} from './bytes.ts';
import { Method, recogniseMethod } from './method.ts';
import { COMPLETE, INCOMPLETE, INVALID, type ParseStatus } from './parse-status.ts';
import type { RequestReason } from './reason.ts';

/** A path and perhaps a query: the form that clients send to servers (RFC 9112 3.2.1). */
export const ORIGIN = 0;
/** A whole URI: what proxies get, and every server must accept (RFC 9112 3.2.2). Authority-form belongs to CONNECT alone. */
export const ABSOLUTE = 1;
/** `*`, with OPTIONS only (RFC 9112 3.2.4). */
export const ASTERISK = 2;

const START = 0;
const EMPTY_LINE_FEED = 1;
const METHOD = 2;
const REQUEST_TARGET = 3;
const VERSION = 4;
const LINE_FEED = 5;

const HTTP_SCHEME = bytes('http://');
const HTTPS_SCHEME = bytes('https://');
const HTTP_NAME = bytes('HTTP/');

/**
 * The request line: method, target and version, as positions relative to the start of the head. Leading empty lines are skipped
 * (RFC 9112 2.2) and belong to the head.
 */
export class RequestLine {
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** A `Method`. */
  method: number = Method.OTHER;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minor: 0 | 1 = 1;
  /** ORIGIN, ABSOLUTE or ASTERISK. */
  targetForm: typeof ORIGIN | typeof ABSOLUTE | typeof ASTERISK = ORIGIN;
  /**
   * Path and query as in origin-form. An absolute-form target may have no path: then pathStart == pathEnd stands for `/` (for `*`
   * with OPTIONS), and where the range begins with `?` a `/` belongs before it. In asterisk-form it is `*`.
   */
  pathStart = 0;
  pathEnd = 0;
  /** Where the `?` of the path is, or pathEnd. */
  queryStart = 0;
  /** The authority to route by, `uri-host [":" port]`: the target's in absolute-form, else Host's value. -1 when there is none. */
  hostStart = -1;
  hostEnd = -1;
  /** Where the uri-host within it ends: the port is not included. */
  hostNameEnd = -1;
  /** After INVALID: why. */
  reason: RequestReason = 'bad_method';
  /** Up to where the request line has been scanned, relative to the start of the head. */
  protected linePosition = 0;
  #state = START;
  readonly #limit: number;

  /** `limit`: length of the longest request line that is accepted, its CRLF not counted. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  protected resetLine(): void {
    this.linePosition = 0;
    this.#state = START;
  }

  /** Scans up to `end`, or to the end of the request line. Depends on the bytes alone, not on how they were divided. */
  protected scanLine(buffer: Buffer, base: number, end: number): ParseStatus {
    let p = base + this.linePosition;
    let state = this.#state;
    while (p < end && state < METHOD) {
      const byte = buffer[p] ?? 0;
      if (state === EMPTY_LINE_FEED) {
        if (byte !== LF) return this.refuse('bare_cr');
        state = START;
      } else if (byte === CR) {
        state = EMPTY_LINE_FEED;
      } else {
        this.methodStart = p - base;
        state = METHOD;
        break;
      }
      p++;
    }
    // The byte after the longest line must be its CR.
    const lineEnd = base + this.methodStart + this.#limit + 1;
    const stop = state >= METHOD && lineEnd < end ? lineEnd : end;
    if (state === METHOD) {
      while (p < stop && TOKEN[buffer[p] ?? 0] === 1) p++;
      if (p < stop) {
        if (buffer[p] !== SP || p === base + this.methodStart)
          return this.refuse(buffer[p] === LF ? 'bare_lf' : 'bad_method');
        this.methodEnd = p++ - base;
        this.targetStart = this.methodEnd + 1;
        state = REQUEST_TARGET;
      }
    }
    if (state === REQUEST_TARGET) {
      while (p < stop && TARGET[buffer[p] ?? 0] === 1) p++;
      if (p < stop) {
        if (buffer[p] !== SP || p === base + this.targetStart) return this.refuse(targetReason(buffer[p]));
        this.targetEnd = p++ - base;
        state = VERSION;
      }
    }
    if (state === VERSION) {
      while (p < stop && TARGET[buffer[p] ?? 0] === 1) p++;
      if (p < stop) {
        if (buffer[p] !== CR) return this.refuse(buffer[p] === LF ? 'bare_lf' : 'bad_version');
        if (!this.#readVersion(buffer, base + this.targetEnd + 1, p)) return INVALID;
        p++;
        state = LINE_FEED;
      }
    }
    this.linePosition = p - base;
    this.#state = state;
    if (state !== LINE_FEED) return p === lineEnd && state >= METHOD ? this.refuse('uri_too_long') : INCOMPLETE;
    if (p >= end) return INCOMPLETE;
    if (buffer[p] !== LF) return this.refuse('bare_cr');
    this.linePosition++;
    return this.#readTarget(buffer, base) ? COMPLETE : INVALID;
  }

  protected refuse(reason: RequestReason): typeof INVALID {
    this.reason = reason;
    return INVALID;
  }

  protected no(reason: RequestReason): false {
    this.reason = reason;
    return false;
  }

  /**
   * HTTP-version is case-sensitive (RFC 9112 2.3). Any other well-formed one is 505: RFC 9110 2.5 would let a server take HTTP/1.2
   * for 1.1, but no such version exists, so nobody who sends it is served by a guess about its framing.
   */
  #readVersion(buffer: Buffer, start: number, end: number): boolean {
    const major = (buffer[start + 5] ?? 0) - ZERO;
    const minor = (buffer[start + 7] ?? 0) - ZERO;
    if (
      end - start !== 8 ||
      !equalsBytes(buffer, start, start + 5, HTTP_NAME) ||
      buffer[start + 6] !== DOT ||
      major < 0 ||
      major > 9 ||
      minor < 0 ||
      minor > 9
    ) {
      return this.no('bad_version');
    }
    if (major !== 1 || minor > 1) return this.no('unsupported_version');
    this.minor = minor === 1 ? 1 : 0;
    return true;
  }

  #readTarget(buffer: Buffer, base: number): boolean {
    const start = base + this.targetStart;
    const end = base + this.targetEnd;
    this.method = recogniseMethod(buffer, base + this.methodStart, base + this.methodEnd);
    if (this.method === Method.CONNECT) return this.no('connect_not_allowed');
    if (this.method === Method.TRACE) return this.no('trace_not_allowed');
    this.hostStart = -1;
    this.hostEnd = -1;
    this.hostNameEnd = -1;
    let path = start;
    if (buffer[start] === SLASH) {
      this.targetForm = ORIGIN;
    } else if (buffer[start] === STAR && end - start === 1 && this.method === Method.OPTIONS) {
      this.targetForm = ASTERISK;
    } else {
      this.targetForm = ABSOLUTE;
      path = this.#readAuthority(buffer, base, start, end);
      if (path < 0) return this.no('bad_target');
    }
    let query = path;
    while (query < end && buffer[query] !== QUESTION) query++;
    this.pathStart = path - base;
    this.pathEnd = this.targetEnd;
    this.queryStart = query - base;
    return true;
  }

  /** Where the path of an absolute-form target starts; -1 when it is not an http URI with a valid authority. */
  #readAuthority(buffer: Buffer, base: number, start: number, end: number): number {
    let authority = -1;
    if (startsWithLower(buffer, start, end, HTTP_SCHEME)) authority = start + HTTP_SCHEME.length;
    else if (startsWithLower(buffer, start, end, HTTPS_SCHEME)) authority = start + HTTPS_SCHEME.length;
    else return -1;
    let p = authority;
    while (p < end && buffer[p] !== SLASH && buffer[p] !== QUESTION) p++;
    const hostNameEnd = authorityHostEnd(buffer, authority, p);
    if (hostNameEnd < 0) return -1;
    this.hostStart = authority - base;
    this.hostEnd = p - base;
    this.hostNameEnd = hostNameEnd - base;
    return p;
  }
}

function targetReason(byte: number | undefined): RequestReason {
  if (byte === LF) return 'bare_lf';
  // `GET /` CR LF is HTTP/0.9.
  return byte === CR ? 'missing_version' : 'bad_target';
}
