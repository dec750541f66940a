import type { Socket } from 'node:net';
import { isOwnFault } from '../common/own-fault.ts';
import type { UpstreamFailureReason } from '../telemetry/layout.ts';
import { recordAnswer, recordFailure } from '../telemetry/record.ts';
import type { UpstreamConnection, UpstreamUser } from '../upstream/connection.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import { slabs } from '../upstream/slabs.ts';
import type { Account } from './account.ts';
import type { DataPlane } from './data-plane.ts';
import { EndpointVerdict } from './endpoint-verdict.ts';
import type { RequestRelay } from './request-relay.ts';
import type { ResponseRelay } from './response-relay.ts';
import { afterFlush, flushed } from './scratch.ts';

/**
 * One attempt at an endpoint: the connection that it has, and what its end shows of the endpoint and of the version. An
 * exchange has one object for all its attempts.
 */
export class Attempt {
  /** Another number when an attempt begins and when it ends: tells a late callback that its attempt is over. */
  serial = 0;
  /** These two are null between attempts. */
  upstream: UpstreamConnection | null = null;
  endpoint: EndpointPool | null = null;
  readonly #plane: DataPlane;
  readonly #account: Account;
  readonly #request: RequestRelay;
  readonly #response: ResponseRelay;
  readonly #verdict: EndpointVerdict;

  constructor(plane: DataPlane, account: Account, request: RequestRelay, response: ResponseRelay) {
    this.#plane = plane;
    this.#account = account;
    this.#request = request;
    this.#response = response;
    this.#verdict = new EndpointVerdict(plane, account);
  }

  /** @param fresh on a new connection */
  begin(user: UpstreamUser, endpoint: EndpointPool, fresh: boolean): UpstreamConnection {
    const upstream = endpoint.acquire(fresh);
    upstream.user = user;
    this.serial += 1;
    this.endpoint = endpoint;
    this.upstream = upstream;
    return upstream;
  }

  /** The endpoint has answered, whatever becomes of the rest of it. */
  answered(): void {
    const { endpoint } = this;
    const { status } = this.#response;
    if (endpoint !== null && (status >= 500 || endpoint.health.troubled)) this.#verdict.answered(endpoint, status);
  }

  /** The answer is with the client's socket, whole: gives the connection back, or ends one that can serve no more. */
  complete(upstream: UpstreamConnection, client: Socket): void {
    const { endpoint } = this;
    const response = this.#response;
    const request = this.#request;
    this.answered();
    this.#countAnswer();
    this.#end();
    const clean = upstream.start === upstream.end && !upstream.brimful;
    // What the client's socket still refers to must not be overwritten by the next exchange.
    if (!flushed(client)) {
      const slab = upstream.renewSlab();
      afterFlush(client, () => slabs.give(slab));
    }
    upstream.rewind();
    // After a refused upgrade an application may have let go of the connection's HTTP all the same.
    const reusable = response.upstreamKeepAlive && !request.upgrade;
    if (clean && reusable && request.done && flushed(upstream.socket)) {
      endpoint?.release(upstream, this.#plane.upstreamIdleUntil(response.upstreamKeepAliveSeconds));
    } else endpoint?.discard(upstream);
  }

  /** A tunnel begins. Counted now, for it may be open for days; it ends by `abandon`. */
  switched(): void {
    this.answered();
    this.#countAnswer();
  }

  /** It has failed. @param impatient because the endpoint would not wait for more of a client's body */
  fail(reason: UpstreamFailureReason, impatient: boolean): void {
    const { endpoint, upstream } = this;
    const { version } = this.#account;
    if (endpoint === null || upstream === null || version === null) return;
    const own = !upstream.connected && isOwnFault(upstream.error);
    recordFailure(version.live.counters, reason, impatient || own);
    if (impatient && this.#response.started) this.#countAnswer();
    this.#verdict.failed(endpoint, upstream, reason, this.#request);
    this.abandon();
  }

  /** The client's doing ends it: before the head of an answer nobody knows how it would have ended. */
  breakOff(): void {
    if (this.upstream !== null && this.#response.started) this.#countAnswer();
    this.abandon();
  }

  /** Ends the connection. What the attempt shows has been counted, or it shows nothing. */
  abandon(): void {
    const { endpoint, upstream } = this;
    if (upstream === null) return;
    this.#end();
    this.#response.release();
    endpoint?.discard(upstream);
    if (endpoint?.health.troubled === true) this.#verdict.untried(endpoint);
  }

  #countAnswer(): void {
    const { version } = this.#account;
    if (version !== null) recordAnswer(version.live.counters, this.#response.status);
  }

  #end(): void {
    this.serial += 1;
    this.upstream = null;
    this.endpoint = null;
  }
}
