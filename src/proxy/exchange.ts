import type { RequestHead } from '../http1/request-head.ts';
import type { RejectionReason, UpstreamFailureReason } from '../telemetry/layout.ts';
import { recordRefused } from '../telemetry/record.ts';
import type { UpstreamConnection, UpstreamUser } from '../upstream/connection.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import { Account } from './account.ts';
import { Attempt } from './attempt.ts';
import { type CauseName, causeOf } from './causes.ts';
import type { ClientConnection } from './client-connection.ts';
import type { DataPlane } from './data-plane.ts';
import { Deadline } from './deadline.ts';
import { Dispatch, type Dispatched } from './dispatch.ts';
import { free } from './free.ts';
import { ownAnswer } from './own-answer.ts';
import { RequestRelay } from './request-relay.ts';
import { BROKEN, DONE, ResponseRelay, SWITCHING } from './response-relay.ts';
import { afterFlush, flushed } from './scratch.ts';
import { Tunnel } from './tunnel.ts';

/** Of a request that waits for an endpoint: beyond it no more is read of its body. One read may come on top. */
const HELD_BYTES = 16_384;

/** One request and its response. A client connection has one exchange and uses it again and again. */
export class Exchange implements UpstreamUser, Dispatched {
  readonly account: Account;
  readonly request: RequestRelay;
  readonly response: ResponseRelay;
  readonly #dispatch: Dispatch;
  readonly #attempt: Attempt;
  readonly #deadline: Deadline;
  readonly #connection: ClientConnection;
  readonly #plane: DataPlane;
  #active = false;

  constructor(connection: ClientConnection) {
    this.#connection = connection;
    this.#plane = connection.plane;
    this.account = new Account(connection.plane);
    this.request = new RequestRelay(connection.plane);
    this.#dispatch = new Dispatch(connection.plane, this.account, this.request, this);
    this.response = new ResponseRelay(connection.plane);
    this.#attempt = new Attempt(connection.plane, this.account, this.request, this.response);
    this.#deadline = new Deadline(connection.plane, this.request, this.response);
  }

  /**
   * Starts with a complete head at `start` of `bytes`, and whatever follows it up to `end`.
   * @returns the position after the last byte that belongs to this request.
   */
  begin(head: RequestHead, bytes: Buffer, start: number, end: number, startedAt: number): number {
    const { account } = this;
    this.#active = true;
    account.open(head, bytes, startedAt);
    const stop = this.request.begin(head, bytes, start, end);
    this.response.begin(this.request, head.keepAlive && !this.#plane.draining);
    const { served, chosen, route, from, reason } = account.decision;
    const own = ownAnswer(head);
    account.charge(own === null ? (served ?? chosen) : null);
    if (stop < 0) this.#answer(this.request.reason);
    else if (own !== null) this.#answer(own);
    // It was pipelined, and the client's FIN came while the one before it was answered: there is no other sign to wait for.
    else if (this.#connection.ended && !this.request.done) this.#answer('request_truncated');
    else if (route === null) this.#answer('no_route');
    else if (served === null) {
      if (chosen !== null) recordRefused(chosen.live.counters);
      this.#answer('no_endpoints');
    } else {
      if (reason !== '') {
        // Not what is gone for good (`aborted`, `absent`): there `chosen` is what the table has put in its place.
        if (chosen !== null && chosen !== served) recordRefused(chosen.live.counters);
        account.countFallback(served, from, reason);
      }
      this.#dispatch.begin(head, served);
    }
    return stop < 0 ? end : stop;
  }

  /** Body bytes from the client. Returns the position after the last one that belongs to this request. */
  onRequestBytes(chunk: Buffer, start: number, end: number): number {
    const socket = this.#attempt.upstream?.socket;
    if (this.request.done) return start;
    if (socket === undefined) return this.#dispatch.waiting ? this.#hold(chunk, start, end) : start;
    const at = this.request.pass(chunk, start, end, socket);
    if (at < 0) {
      this.#attempt.breakOff();
      this.#answerOrCut(this.request.reason);
      return end;
    }
    this.#deadline.awaitNext(this.#attempt.upstream);
    // What is left of it is the next request's.
    const used = at === end ? chunk : null;
    if (!flushed(socket)) this.#holdClient(socket, used);
    else if (used !== null) free(used);
    return at;
  }

  /** The client half-closed. After a complete request that is no abort (RFC 9112 9.6). */
  onClientEnd(): void {
    if (this.request.done) {
      if (this.#dispatch.waiting) this.#leaveQueue();
      return;
    }
    this.#dispatch.leave();
    this.#attempt.breakOff();
    this.#answerOrCut('request_truncated');
  }

  /** The client's socket is gone. */
  onClientGone(): void {
    if (!this.#active) return;
    this.#dispatch.leave();
    // The head of a response is an answer, however the client takes the rest.
    if (this.response.started) this.#attempt.answered();
    this.#attempt.breakOff();
    this.account.cause = 'client_closed';
    this.#finish(causeOf('client_closed').status);
  }

  onUpstreamConnect(): void {
    // A client that is paused because it sends its next requests stays so.
    if (!this.request.done) this.#connection.resume();
    this.#deadline.awaitNext(this.#attempt.upstream);
  }

  onUpstreamData(): boolean {
    const upstream = this.#attempt.upstream;
    const version = this.account.version;
    if (upstream === null || version === null) return false;
    const client = this.#connection.socket;
    const progress = this.response.read(upstream, client, this.request.done, version.live.headerLine);
    if (progress === DONE) {
      this.#complete(upstream);
      return true;
    }
    if (progress === SWITCHING) return this.#beginTunnel(upstream);
    if (progress === BROKEN) {
      this.#fail('bad_response', this.response.broken);
      return false;
    }
    // An event stream may go on for hours: its head is enough of an answer for others to follow.
    if (this.response.started && this.#attempt.endpoint?.health.standing === 'trial') this.#attempt.answered();
    // A response head that comes in drops is late all the same.
    if (this.response.started || !this.request.done) this.#deadline.awaitNext(this.#attempt.upstream);
    if (flushed(client)) return true;
    this.#holdUpstream(upstream);
    return false;
  }

  onUpstreamEnd(): void {
    const upstream = this.#attempt.upstream;
    if (upstream === null) return;
    if (this.response.end(this.#connection.socket)) this.#complete(upstream);
    else this.#fail(this.response.touched ? 'truncated' : 'reset');
  }

  onUpstreamClose(error: string): void {
    const upstream = this.#attempt.upstream;
    if (upstream === null) return;
    if (upstream.connected) this.#fail(this.response.touched ? 'truncated' : 'reset');
    else if (upstream.handshaking) this.#fail('tls_error');
    else this.#fail(error === 'ECONNREFUSED' ? 'connect_refused' : 'connect_error');
  }

  /** @returns true: it took work */
  sweep(now: number): boolean {
    if (now < this.#deadline.at) return false;
    this.#timeOut();
    return true;
  }

  #timeOut(): void {
    const upstream = this.#attempt.upstream;
    if (upstream === null) {
      if (this.#dispatch.waiting) this.#dispatch.reject('pending_timeout');
      return;
    }
    const missed = this.#deadline.missed(upstream, this.#connection.socket);
    if (missed !== 'request_timeout') this.#fail(missed);
    else {
      this.#attempt.breakOff();
      this.#answerOrCut(missed);
    }
  }

  onEndpoint(head: RequestHead, endpoint: EndpointPool, fresh: boolean): void {
    const upstream = this.#attempt.begin(this, endpoint, fresh);
    this.request.send(head, upstream, this.#connection.client, endpoint.name);
    if (!this.request.done) {
      // Until the connection stands, nothing more is read: what has arrived can still be sent elsewhere.
      if (!upstream.connected) this.#connection.pause();
      else if (!flushed(upstream.socket)) this.#holdClient(upstream.socket, null);
      else this.#connection.resume();
    }
    this.#deadline.awaitNext(this.#attempt.upstream);
  }

  onWait(): void {
    this.#deadline.awaitRoom();
  }

  onRejected(reason: RejectionReason): void {
    this.#plane.log.failure(this, reason);
    this.#answerForChosen(reason);
  }

  onNowhere(cause: 'no_endpoints' | 'internal'): void {
    this.#answerForChosen(cause);
  }

  /** Body bytes that arrive while the request waits, so that a client that leaves is noticed; when they are enough, no more are read. */
  #hold(chunk: Buffer, start: number, end: number): number {
    const at = this.request.hold(chunk, start, end);
    if (at < 0) {
      this.#dispatch.leave();
      this.#answer(this.request.reason);
      return end;
    }
    if (!this.request.done && this.request.held >= HELD_BYTES) this.#connection.pause();
    return at;
  }

  /**
   * A FIN while a request waits is a client that left, nearly always, and what it waits for is scarce: it is not sent
   * (so HAProxy with `abortonclose`). One that has only ended its side is told.
   */
  #leaveQueue(): void {
    this.#dispatch.leave();
    this.account.cause = 'client_closed';
    this.response.bytesOut += this.#connection.answer('pending_timeout', this.request.isHead, true);
    this.#finish(causeOf('client_closed').status);
    this.#connection.exchangeDone(false);
  }

  /** `chunk` is not needed any more once `upstream` has taken it. */
  #holdClient(upstream: UpstreamConnection['socket'], chunk: Buffer | null): void {
    const { serial } = this.#attempt;
    this.#connection.pause();
    afterFlush(upstream, () => {
      // The upstream of another attempt has not taken anything yet.
      if (serial !== this.#attempt.serial) return;
      if (chunk !== null) free(chunk);
      this.#connection.resume();
      this.#deadline.awaitNext(this.#attempt.upstream);
    });
  }

  #holdUpstream(upstream: UpstreamConnection): void {
    const { serial } = this.#attempt;
    afterFlush(this.#connection.socket, () => {
      if (serial !== this.#attempt.serial) return;
      upstream.socket.resume();
      this.#deadline.awaitNext(this.#attempt.upstream);
    });
  }

  /** @param code what is known besides; absent: what the system says of the connection */
  #fail(reason: UpstreamFailureReason, code = this.#attempt.upstream?.error): void {
    const { endpoint, upstream } = this.#attempt;
    const { version } = this.account;
    if (upstream === null || endpoint === null || version === null) return;
    const unsent = !upstream.connected;
    const impatient = this.#deadline.wasImpatient(upstream, reason);
    this.#plane.log.failure(this, reason, code);
    // First of all, so that what follows chooses among what is left.
    this.#attempt.fail(reason, impatient);
    if (this.response.started) this.#answerOrCut(reason);
    else if (!this.#dispatch.again(version, endpoint, { reason, unsent })) this.#answerForChosen(reason);
  }

  #complete(upstream: UpstreamConnection): void {
    this.#attempt.complete(upstream, this.#connection.socket);
    const keepAlive = this.response.keepAlive && this.request.done;
    this.#finish(this.response.status);
    this.#connection.exchangeDone(keepAlive);
  }

  #beginTunnel(upstream: UpstreamConnection): boolean {
    const connection = this.#connection;
    this.#attempt.switched();
    // By a tunnel's length nobody could tell how fast a version is.
    const answeredIn = this.account.elapsed();
    const tunnel = new Tunnel(connection, upstream, this.#plane, (cause) => {
      this.account.cause = cause;
      this.request.bytesIn += tunnel.bytesIn;
      this.response.bytesOut += tunnel.bytesOut;
      this.#attempt.abandon();
      this.#finish(this.response.status, answeredIn);
      connection.tunnelOver();
    });
    connection.beginTunnel(tunnel);
    return tunnel.onUpstreamData();
  }

  #answerOrCut(cause: CauseName): void {
    if (!this.response.started) {
      this.#answer(cause);
      return;
    }
    this.account.cause = cause;
    this.#finish(this.response.status);
    this.#connection.cut();
  }

  /** Nobody answered: the version that was chosen is charged. */
  #answerForChosen(cause: CauseName): void {
    this.account.charge(this.account.decision.chosen);
    this.#answer(cause);
  }

  /** Answers instead of a version. */
  #answer(cause: CauseName): void {
    const { response } = this;
    // An HTTP/1.0 client would have to be told that the connection stays.
    const keepAlive = response.keepAlive && this.request.done && !this.request.http10;
    this.account.cause = cause;
    response.bytesOut += this.#connection.answer(cause, this.request.isHead, !keepAlive);
    this.#finish(causeOf(cause).status);
    this.#connection.exchangeDone(keepAlive);
  }

  /** Every exchange ends here, exactly once. @param answeredIn see `Account.close` */
  #finish(status: number, answeredIn?: number): void {
    const plane = this.#plane;
    this.#active = false;
    this.request.release();
    this.#deadline.clear();
    const duration = this.account.close(status, answeredIn);
    if (plane.settings.accessLog) plane.log.access(this, this.#connection.client.address, status, duration);
  }
}
