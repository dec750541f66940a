import { isIdempotent, Method } from '../http1/method.ts';
import { COMPLETE } from '../http1/parse-status.ts';
import type { ChunkReason } from '../http1/reason.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { answersUpgrade } from '../http1/upgrade.ts';
import type { UpstreamConnection } from '../upstream/connection.ts';
import { Body, CHUNKED_BODY, LENGTH_BODY, NO_BODY } from './body.ts';
import type { DataPlane } from './data-plane.ts';
import { type ClientIdentity, writeUpstreamRequest } from './upstream-request.ts';

const NO_BYTES = Buffer.alloc(0);

/** Passes one request on: from the bytes in which it arrived to an upstream's socket, and again to another if need be. */
export class RequestRelay {
  isHead = false;
  http10 = false;
  /** Doing it twice is doing it once. A tunnel is not such a thing. */
  idempotent = false;
  /** It asks for another protocol. */
  upgrade = false;
  bytesIn = 0;
  /** Body bytes beyond those that came with the head have been sent: no other attempt can repeat them. */
  unrepeatable = false;
  readonly #plane: DataPlane;
  readonly #body: Body;
  /** The request as it arrived, kept until its exchange is over: [start, stop) of bytes. */
  #bytes: Buffer = NO_BYTES;
  #start = 0;
  #stop = 0;

  constructor(plane: DataPlane) {
    this.#plane = plane;
    this.#body = new Body(plane.chunkedLimits, plane.trailerNames);
  }

  /** The last byte of the request has arrived. */
  get done(): boolean {
    return this.#body.done;
  }

  /** Why `begin` or `pass` returned -1. */
  get reason(): ChunkReason {
    return this.#body.reason;
  }

  /**
   * Takes a complete head at `start` of `bytes`, and the body bytes that came with it up to `end`.
   * @returns the position after the last byte of this request, or -1: its chunked coding is broken.
   */
  begin(head: RequestHead, bytes: Buffer, start: number, end: number): number {
    this.isHead = head.method === Method.HEAD;
    this.http10 = head.minor === 0;
    this.upgrade = head.upgrade;
    this.idempotent = isIdempotent(head.method) && !head.upgrade;
    this.unrepeatable = false;
    this.#bytes = bytes;
    this.#start = start;
    this.#beginBody(head);
    let at = start + head.length;
    while (at >= 0 && at < end && !this.#body.done) at = this.#body.take(bytes, at, end);
    this.#stop = at < 0 ? end : at;
    this.bytesIn = this.#stop - start;
    return at;
  }

  /** Sends the head and the part of the body that came with it, in one write where that is cheap. */
  send(head: RequestHead, upstream: UpstreamConnection, client: ClientIdentity, upstreamHost: string): void {
    const { scratch } = this.#plane;
    const { socket } = upstream;
    const slow = upstream.tls !== null;
    const bytes = this.#bytes;
    const bodyStart = this.#start + head.length;
    let length = writeUpstreamRequest(scratch.buffer, bytes, head, client, upstreamHost, this.#plane.trailerNames);
    this.#beginBody(head);
    if (bodyStart === this.#stop) {
      scratch.send(socket, length, slow);
      return;
    }
    const fits = length + this.#stop - bodyStart <= scratch.size;
    if (!fits) {
      socket.cork();
      scratch.send(socket, length, slow);
    }
    for (let at = bodyStart; at < this.#stop; ) {
      at = this.#body.take(bytes, at, this.#stop);
      const { ranges, rangeCount } = this.#body;
      for (let i = 0; i < rangeCount; i += 1) {
        if (fits) length += bytes.copy(scratch.buffer, length, ranges[2 * i], ranges[2 * i + 1]);
        else socket.write(bytes.subarray(ranges[2 * i], ranges[2 * i + 1]));
      }
    }
    const { trailers } = this.#body;
    if (trailers.length > 0) {
      if (fits) length += trailers.copy(scratch.buffer, length);
      else socket.write(trailers);
    }
    if (fits) scratch.send(socket, length, slow);
    else socket.uncork();
  }

  /**
   * Passes on more of the body.
   * @returns the position after the last byte of this request, or -1: its chunked coding is broken.
   */
  pass(chunk: Buffer, start: number, end: number, socket: UpstreamConnection['socket']): number {
    this.unrepeatable = true;
    this.#bytes = NO_BYTES;
    let at = start;
    while (at < end && !this.#body.done) {
      const from = at;
      at = this.#body.take(chunk, at, end);
      if (at < 0) return -1;
      this.bytesIn += at - from;
      if (this.#body.rangeCount > 0) socket.write(chunk.subarray(this.#body.ranges[0], this.#body.join(chunk)));
    }
    if (this.#body.done && this.#body.trailers.length > 0) socket.write(this.#body.trailers);
    return at;
  }

  /** Whether a 101 names only protocols that this request has offered. */
  isAnsweredBy(response: ResponseHead, responseBytes: Buffer): boolean {
    const head = this.again();
    if (head === null) return false;
    const answered = answersUpgrade(this.#bytes, head.fields, responseBytes, response.fields);
    this.#plane.requestHeads.give(head);
    return answered;
  }

  /** Bytes of the request that are kept. */
  get held(): number {
    return this.#stop - this.#start;
  }

  /**
   * Keeps more of the body, to be sent with what came before it.
   * @returns the position after the last byte of this request, or -1: its chunked coding is broken.
   */
  hold(chunk: Buffer, start: number, end: number): number {
    let at = start;
    while (at >= 0 && at < end && !this.#body.done) at = this.#body.take(chunk, at, end);
    if (at < 0) return -1;
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#start, this.#stop), chunk.subarray(start, at)]);
    this.#start = 0;
    this.#stop = this.#bytes.length;
    this.bytesIn += at - start;
    return at;
  }

  /** The head once more, for another attempt; to be given back to the plane. Null: it cannot be had. */
  again(): RequestHead | null {
    const head = this.#plane.requestHeads.take();
    head.reset();
    return head.parse(this.#bytes, this.#start, this.#stop) === COMPLETE ? head : null;
  }

  /** Lets go of the request's bytes. */
  release(): void {
    this.#bytes = NO_BYTES;
  }

  #beginBody(head: RequestHead): void {
    const kind = head.chunked ? CHUNKED_BODY : head.contentLength > 0 ? LENGTH_BODY : NO_BODY;
    this.#body.begin(kind, head.contentLength, false);
  }
}
