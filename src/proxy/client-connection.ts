import type { Socket } from 'node:net';
import { Method } from '../http1/method.ts';
import { INCOMPLETE, INVALID } from '../http1/parse-status.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { recordUnrouted } from '../telemetry/record.ts';
import { type CauseName, causeOf } from './causes.ts';
import { localResponse } from './client-response.ts';
import type { DataPlane } from './data-plane.ts';
import { Exchange } from './exchange.ts';
import { resetSocket } from './reset-socket.ts';
import { afterFlush, flushed } from './scratch.ts';
import { isTlsClient } from './tls-client-socket.ts';
import type { Tunnel } from './tunnel.ts';
import { ClientIdentity } from './upstream-request.ts';

const READING = 0;
const EXCHANGING = 1;
/** The kernel has not taken all of an answer yet. A client that sends and does not read must not fill our memory. */
const FLUSHING = 2;
/** Our last answer is out; what the client still sends is read and thrown away, so that no reset destroys the answer. */
const LINGERING = 3;
const CLOSED = 4;
/** Another protocol than HTTP. */
const TUNNELLING = 5;

const EMPTY = Buffer.alloc(0);
const LINGER_MS = 2_000;

/**
 * One client connection: reads heads, hands each complete one to its exchange, one at a time and in order (RFC 9112 9.3.2),
 * and closes what has to be closed.
 */
export class ClientConnection {
  readonly plane: DataPlane;
  readonly socket: Socket;
  readonly client: ClientIdentity;
  /** Sent FIN: nothing more will come, but it may still read (RFC 9112 9.6). */
  ended = false;
  #state: number = READING;
  /** Milliseconds of the worker's clock; Infinity: none. */
  #deadline: number;
  /** Unread bytes: [#start, #end) of #input. */
  #input: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** #input was copied by this connection and may be appended to. */
  #owned = false;
  /** The parser of a head that has not arrived in full. */
  #head: RequestHead | null = null;
  #headBegan = 0;
  #reading = false;
  #paused = false;
  #drained = 0;
  #tunnel: Tunnel | null = null;
  readonly #exchange: Exchange;

  /** @param address the client's; a socket that was reset meanwhile does not know it any more */
  constructor(plane: DataPlane, socket: Socket, address: string) {
    this.plane = plane;
    this.socket = socket;
    this.client = new ClientIdentity(address, plane.trusted.includes(address), isTlsClient(socket));
    this.#deadline = plane.deadline(plane.settings.timeouts.requestHeaders);
    this.#exchange = new Exchange(this);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => this.socket.destroy());
    socket.on('close', () => this.#onClose());
  }

  get idle(): boolean {
    return this.#state === READING && this.#head === null && this.#start === this.#end;
  }

  /** Stops reading until `resume`: the upstream cannot take more, or must first be connected. */
  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#state === CLOSED) return;
    this.#paused = false;
    this.socket.resume();
  }

  /** @returns true: it took work */
  sweep(now: number): boolean {
    // Nobody is told that a socket which is not read was reset. A write of nothing asks the kernel.
    const asks = this.#paused && this.socket.writable && this.socket.writableLength === 0;
    if (asks) this.socket.write(EMPTY);
    return this.#timeOut(now) || asks;
  }

  #timeOut(now: number): boolean {
    if (this.#state === EXCHANGING) return this.#exchange.sweep(now);
    if (this.#tunnel !== null) return this.#tunnel.sweep(now);
    if (now < this.#deadline) return false;
    if (this.#state === READING && !this.idle) this.#refuse('request_timeout');
    else this.destroy();
    return true;
  }

  /** The exchange is over and its answer is with the socket. */
  exchangeDone(keepAlive: boolean): void {
    if (this.#state === CLOSED) return;
    if (!keepAlive) this.#linger();
    else if (flushed(this.socket)) this.#next();
    else {
      this.#state = FLUSHING;
      this.#deadline = this.plane.deadline(this.plane.settings.timeouts.idle);
      afterFlush(this.socket, () => this.#next());
    }
  }

  /** The exchange has become a tunnel: from here on all bytes are its own, first those that came before it was one. */
  beginTunnel(tunnel: Tunnel): void {
    const early = this.#input.subarray(this.#start, this.#end);
    this.#state = TUNNELLING;
    this.#tunnel = tunnel;
    this.#forgetInput();
    this.resume();
    if (early.length > 0) tunnel.onClientData(early);
    if (this.ended) tunnel.onClientEnd();
  }

  tunnelOver(): void {
    this.#tunnel = null;
    if (this.socket.closed) this.#forget();
    else if (!this.socket.destroyed) this.#linger();
  }

  /** The answer cannot be completed: the client must not take it for a whole one (RFC 9112 8). */
  cut(): void {
    resetSocket(this.socket);
  }

  /** Sends an answer of Headgate's own. Returns the number of bytes. */
  answer(cause: CauseName, isHead: boolean, close: boolean): number {
    const { name, status } = causeOf(cause);
    const bytes = localResponse(status, name, { head: isHead, close, date: this.plane.dateText });
    this.socket.write(bytes);
    return bytes.length;
  }

  /** The worker is going away: nothing new is read. */
  drain(): void {
    if (this.idle) this.#linger();
  }

  #onData(chunk: Buffer): void {
    if (this.#state === LINGERING) {
      this.#drained += chunk.length;
      // Closing now would send a reset, which may overtake the answer at its reader: what comes stays with the kernels.
      if (this.#drained > this.plane.settings.limits.drainBytes) this.socket.pause();
      return;
    }
    if (this.#state === CLOSED) return;
    if (this.#state === EXCHANGING) {
      const used = this.#exchange.onRequestBytes(chunk, 0, chunk.length);
      if (used < chunk.length && this.#state === EXCHANGING) {
        // Pipelined: kept until this exchange is over, and no more is read meanwhile. What comes behind bytes that are kept
        // already waits in the socket, for to put it behind them would copy both.
        this.pause();
        if (this.#start === this.#end) this.#append(used === 0 ? chunk : chunk.subarray(used));
        else this.socket.unshift(chunk);
      }
      return;
    }
    if (this.#tunnel !== null) {
      this.#tunnel.onClientData(chunk);
      return;
    }
    this.#append(chunk);
    if (this.#state === FLUSHING) this.pause();
    else this.#readHeads();
  }

  /** Turns to the next request, which may have arrived already. */
  #next(): void {
    // Destroyed, and not yet told so: a request that has arrived would be sent for nobody.
    if (this.#state === CLOSED || this.socket.destroyed) return;
    this.#state = READING;
    this.#deadline = this.plane.deadline(this.plane.settings.timeouts.keepAlive);
    this.resume();
    this.#readHeads();
  }

  /** Reads heads until one is unfinished or an exchange takes its time. */
  #readHeads(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#state === READING && this.#start !== this.#end) {
      if (!this.#readHead()) break;
    }
    this.#reading = false;
    if (this.#start === this.#end) this.#forgetInput();
    // Requests that arrived before the client's FIN have been answered; what is left of one is not.
    if (this.#state === READING && (this.ended || (this.plane.stopping && this.idle))) this.#linger();
  }

  /** False: more bytes are needed. */
  #readHead(): boolean {
    const plane = this.plane;
    if (this.#head === null) {
      this.#head = plane.requestHeads.take();
      this.#head.reset();
      // The parser's last user may have read HEAD, and a line that cannot be read has no method.
      this.#head.method = Method.OTHER;
      this.#headBegan = plane.tick();
      this.#deadline = plane.deadline(plane.settings.timeouts.requestHeaders);
    }
    const head = this.#head;
    const status = head.parse(this.#input, this.#start, this.#end);
    if (status === INCOMPLETE) {
      if (!this.#owned) this.#own();
      return false;
    }
    if (status === INVALID) {
      this.#refuse(head.reason, head.method === Method.HEAD);
      return false;
    }
    this.#head = null;
    this.#state = EXCHANGING;
    const next = this.#exchange.begin(head, this.#input, this.#start, this.#end, this.#headBegan);
    if (this.#end !== 0) this.#start = next;
    plane.requestHeads.give(head);
    return true;
  }

  /** A request that cannot be read: the answer, and an end, for nobody knows where the next one begins. */
  #refuse(cause: CauseName, isHead = false): void {
    const began = this.#headBegan;
    const sent = this.answer(cause, isHead, true);
    recordUnrouted(this.plane.counters.worker, causeOf(cause).status);
    this.plane.log.refused(this.client.address, cause, this.plane.tick() - began, sent);
    this.#linger();
  }

  #linger(): void {
    if (this.#state === CLOSED) return;
    this.#state = LINGERING;
    // A slow reader has its time for the rest of the answer.
    this.#deadline = this.plane.deadline(this.plane.settings.timeouts.idle);
    this.#forgetInput();
    this.#releaseHead();
    this.socket.end(() => {
      this.#deadline = this.plane.deadline(LINGER_MS);
    });
    if (this.ended) return;
    this.#paused = false;
    this.socket.resume();
  }

  #onEnd(): void {
    this.ended = true;
    if (this.#state === EXCHANGING) this.#exchange.onClientEnd();
    else if (this.#tunnel !== null) this.#tunnel.onClientEnd();
    else if (this.#state === READING) this.#linger();
    // Else what is still to be sent is sent, and the socket closes by itself: both sides have ended.
  }

  /** Ends it at once; with a reset where the client would take half an answer for a whole one. */
  destroy(): void {
    if (this.#tunnel !== null) this.#tunnel.cut('client_closed');
    else if (this.#state !== EXCHANGING && this.socket.writableLength === 0) this.socket.destroy();
    else this.cut();
  }

  #onClose(): void {
    this.#tunnel?.onClientGone();
    // Else what the client sent last is still on its way.
    if (this.#tunnel === null && this.#state !== CLOSED) this.#forget();
  }

  #forget(): void {
    const exchanging = this.#state === EXCHANGING;
    this.#state = CLOSED;
    this.#forgetInput();
    this.#releaseHead();
    if (exchanging) this.#exchange.onClientGone();
    this.plane.connectionClosed(this);
  }

  #releaseHead(): void {
    if (this.#head !== null) this.plane.requestHeads.give(this.#head);
    this.#head = null;
  }

  #forgetInput(): void {
    this.#input = EMPTY;
    this.#start = 0;
    this.#end = 0;
    this.#owned = false;
  }

  #append(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#input = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.#end + chunk.length > this.#input.length) this.#own(chunk.length);
    this.#end += chunk.copy(this.#input, this.#end);
  }

  /** Copies the unread bytes to a buffer of our own; doubling keeps a byte-at-a-time client linear. */
  #own(room = 0): void {
    const unread = this.#end - this.#start;
    const copy = Buffer.allocUnsafe(Math.max(1024, 2 * unread, unread + room));
    this.#input.copy(copy, 0, this.#start, this.#end);
    this.#input = copy;
    this.#start = 0;
    this.#end = unread;
    this.#owned = true;
  }
}
