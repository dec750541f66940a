import type { Socket } from 'node:net';
import { COMPLETE, INCOMPLETE } from '../http1/parse-status.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { UpstreamConnection } from '../upstream/connection.ts';
import { Body, CHUNKED_BODY, CLOSE_BODY } from './body.ts';
import { writeInterimHead, writeResponseHead, writeSwitchingHead } from './client-response.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestRelay } from './request-relay.ts';

export const MORE = 0;
/** The whole response has been handed to the client's socket. */
export const DONE = 1;
/** The upstream broke the protocol. */
export const BROKEN = 2;
/** A 101 has been handed to the client's socket: what follows, also in the same read, is no HTTP. */
export const SWITCHING = 3;
export type Progress = typeof MORE | typeof DONE | typeof BROKEN | typeof SWITCHING;

/**
 * Interim responses to one request. A 102 may come every few seconds for as long as anybody waits, but an upstream that sends
 * nothing else would keep its client busy for nothing. Go's client takes five.
 */
const MAX_INTERIM = 100;

const LAST_CHUNK = Buffer.from('0\r\n\r\n', 'latin1');
const CR = 0x0d;
const LF = 0x0a;

/** Passes one response on: from the buffer of the upstream connection to the client's socket, in place where it can. */
export class ResponseRelay {
  /** The final response's head went out; from here on there is no other answer. */
  started = false;
  /** Any byte of a response was seen: no retry. */
  touched = false;
  status = 0;
  bytesOut = 0;
  /** After BROKEN: in what way, for the log. */
  broken = '';
  /** The client connection may stay open after this response. */
  keepAlive = false;
  /** The upstream connection may be used again, and for how many seconds it says so (-1: it does not say). */
  upstreamKeepAlive = false;
  upstreamKeepAliveSeconds = -1;
  readonly #plane: DataPlane;
  readonly #body: Body;
  #request: RequestRelay | null = null;
  #interim = 0;
  #head: ResponseHead | null = null;
  #isHead = false;
  #http10 = false;
  /** A close-delimited body goes out in chunks of our own. */
  #enchunk = false;

  constructor(plane: DataPlane) {
    this.#plane = plane;
    this.#body = new Body(plane.chunkedLimits, plane.trailerNames);
  }

  begin(request: RequestRelay, keepAlive: boolean): void {
    this.started = false;
    this.touched = false;
    this.status = 0;
    this.bytesOut = 0;
    this.keepAlive = keepAlive;
    this.upstreamKeepAlive = false;
    this.#request = request;
    this.#interim = 0;
    this.#isHead = request.isHead;
    this.#http10 = request.http10;
    this.#enchunk = false;
  }

  /** Gives the parser of an unfinished head back. */
  release(): void {
    if (this.#head !== null) this.#plane.responseHeads.give(this.#head);
    this.#head = null;
  }

  /** Takes what `upstream` has read. `requestDone`: the request has been sent in full. */
  read(upstream: UpstreamConnection, client: Socket, requestDone: boolean, versionLine: Buffer): Progress {
    this.touched = true;
    while (!this.started) {
      if (upstream.start === upstream.end) return MORE;
      const head = this.#parser();
      const result = head.parse(upstream.slab, upstream.start, upstream.end);
      if (result === INCOMPLETE) return MORE;
      if (result !== COMPLETE) return this.#refuse(head.reason);
      if (head.status === 101) return this.#switch(upstream, client, head, versionLine);
      if (head.informational) {
        if (++this.#interim > MAX_INTERIM) return this.#refuse('too_many_interim_responses');
        this.#passInterim(upstream, client, head);
      } else return this.#start(upstream, client, head, requestDone, versionLine);
    }
    return this.#passBody(upstream, client, 0, 0);
  }

  /** The upstream sent FIN. True: that was the proper end of the response. */
  end(client: Socket): boolean {
    if (!this.started || this.#body.kind !== CLOSE_BODY) return false;
    if (this.#enchunk) {
      client.write(LAST_CHUNK);
      this.bytesOut += LAST_CHUNK.length;
    }
    return true;
  }

  #refuse(how: string): typeof BROKEN {
    this.broken = how;
    return BROKEN;
  }

  #parser(): ResponseHead {
    if (this.#head === null) {
      this.#head = this.#plane.responseHeads.take();
      this.#head.reset(this.#isHead);
    }
    return this.#head;
  }

  #passInterim(upstream: UpstreamConnection, client: Socket, head: ResponseHead): void {
    if (!this.#http10) {
      // RFC 9110 15.2: never to an HTTP/1.0 client.
      const length = writeInterimHead(this.#plane.scratch.buffer, upstream.slab, head);
      this.#plane.scratch.send(client, length);
      this.bytesOut += length;
    }
    upstream.start += head.length;
    head.reset(this.#isHead);
  }

  /** RFC 9110 15.2.2. A 101 that nobody asked for would make a tunnel that nobody watches. */
  #switch(upstream: UpstreamConnection, client: Socket, head: ResponseHead, versionLine: Buffer): Progress {
    const request = this.#request;
    const expected = request?.upgrade === true && head.upgrade && request.isAnsweredBy(head, upstream.slab);
    if (!expected) return this.#refuse('unexpected_101');
    const { scratch } = this.#plane;
    const length = writeSwitchingHead(scratch.buffer, upstream.slab, head, versionLine);
    this.started = true;
    this.status = head.status;
    this.bytesOut += length;
    upstream.start += head.length;
    this.release();
    scratch.send(client, length);
    return SWITCHING;
  }

  #start(
    upstream: UpstreamConnection,
    client: Socket,
    head: ResponseHead,
    requestDone: boolean,
    versionLine: Buffer,
  ): Progress {
    const plane = this.#plane;
    const kind = head.bodyKind;
    const unframed = kind === CLOSE_BODY || kind === CHUNKED_BODY;
    this.started = true;
    this.status = head.status;
    this.upstreamKeepAlive = head.keepAlive;
    this.upstreamKeepAliveSeconds = head.keepAliveTimeout;
    this.#enchunk = kind === CLOSE_BODY && !this.#http10;
    // An answer that overtakes its request leaves request bytes behind that nobody will read.
    if (!requestDone || plane.draining || (this.#http10 && unframed)) this.keepAlive = false;
    this.#body.begin(kind, head.contentLength, this.#http10);
    const length = writeResponseHead(plane.scratch.buffer, upstream.slab, head, {
      http10: this.#http10,
      keepAlive: this.keepAlive,
      chunked: !this.#http10 && unframed,
      trailers: plane.trailerNames,
      versionLine,
      dateLine: plane.dateLine,
    });
    upstream.start += head.length;
    this.release();
    this.bytesOut += length;
    if (this.#body.done || upstream.start === upstream.end) {
      plane.scratch.send(client, length);
      return this.#body.done ? DONE : MORE;
    }
    // The head goes right before the body bytes that came with it, where the original head was.
    const headStart = upstream.start - length - (this.#enchunk ? CHUNK_LINE_BYTES : 0);
    if (headStart < 0) {
      plane.scratch.send(client, length);
      return this.#passBody(upstream, client, 0, 0);
    }
    plane.scratch.buffer.copy(upstream.slab, headStart, 0, length);
    return this.#passBody(upstream, client, headStart, headStart + length);
  }

  /** A head of so many bytes has not been sent after all. */
  #unstart(length: number): void {
    this.started = false;
    this.bytesOut -= length;
  }

  /**
   * Passes body bytes on from `upstream.start`.
   * [headStart, headEnd) is a head that lies in the buffer and goes out first; empty where there is none.
   */
  #passBody(upstream: UpstreamConnection, client: Socket, headStart: number, headEnd: number): Progress {
    const body = this.#body;
    const { slab, end } = upstream;
    let at = upstream.start;
    let pending = headEnd > headStart;
    while (at < end && !body.done) {
      at = body.take(slab, at, end);
      if (at < 0) {
        // The head is still here, so the client can be told: a connection that is cut before it would say nothing.
        if (pending) this.#unstart(headEnd - headStart);
        return this.#refuse(this.#body.reason);
      }
      if (body.rangeCount === 0) continue;
      let from = body.ranges[0] ?? 0;
      let to = body.join(slab);
      this.bytesOut += to - from;
      if (this.#enchunk) {
        from = writeChunkLine(slab, from, to - from);
        slab[to] = CR;
        slab[to + 1] = LF;
        to += 2;
      }
      if (pending) {
        // Moves the head up to the body where the two do not touch; a few hundred bytes, and one write less.
        const length = headEnd - headStart;
        if (headEnd !== from) slab.copyWithin(from - length, headStart, headEnd);
        from -= length;
        pending = false;
      }
      client.write(slab.subarray(from, to));
    }
    if (pending) client.write(slab.subarray(headStart, headEnd));
    if (body.done && body.trailers.length > 0) {
      client.write(body.trailers);
      this.bytesOut += body.trailers.length;
    }
    upstream.start = at;
    return body.done ? DONE : MORE;
  }
}

/** Eight hexadecimal digits at most, CR LF. */
const CHUNK_LINE_BYTES = 10;

/** Writes a chunk's size line so that it ends at `end`. Returns where it begins. */
function writeChunkLine(out: Buffer, end: number, size: number): number {
  let at = end - 2;
  out[at] = CR;
  out[at + 1] = LF;
  do {
    const digit = size & 15;
    at -= 1;
    out[at] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    size >>>= 4;
  } while (size > 0);
  return at;
}
