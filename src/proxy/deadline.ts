import type { Socket } from 'node:net';
import type { UpstreamFailureReason } from '../telemetry/layout.ts';
import type { UpstreamConnection } from '../upstream/connection.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestRelay } from './request-relay.ts';
import type { ResponseRelay } from './response-relay.ts';
import { flushed } from './scratch.ts';

/** Who hangs up on a body sooner than this does it for another reason than that more did not come. */
const PATIENCE_MS = 1_000;

/** Until when an exchange waits, and for whom. */
export class Deadline {
  /** Milliseconds of the plane's clock; Infinity: it waits for nothing. */
  at = Number.POSITIVE_INFINITY;
  readonly #plane: DataPlane;
  readonly #request: RequestRelay;
  readonly #response: ResponseRelay;

  constructor(plane: DataPlane, request: RequestRelay, response: ResponseRelay) {
    this.#plane = plane;
    this.#request = request;
    this.#response = response;
  }

  clear(): void {
    this.at = Number.POSITIVE_INFINITY;
  }

  /** Until an endpoint has room. */
  awaitRoom(): void {
    this.at = this.#plane.deadline(this.#plane.settings.timeouts.pending);
  }

  /** Until what comes next on this connection. */
  awaitNext(upstream: UpstreamConnection | null): void {
    const { timeouts } = this.#plane.settings;
    let ms = timeouts.idle;
    if (upstream !== null && !upstream.connected) ms = timeouts.connect;
    else if (this.#request.done && !this.#response.started) ms = timeouts.responseHeaders;
    this.at = this.#plane.deadline(ms);
  }

  /** What did not come in time; `request_timeout` is the client's doing: it neither sends nor reads. */
  missed(
    upstream: UpstreamConnection,
    client: Socket,
  ): 'connect_timeout' | 'response_timeout' | 'idle_timeout' | 'request_timeout' {
    const { done } = this.#request;
    const { started } = this.#response;
    if (!upstream.connected) return 'connect_timeout';
    if (done && !started) return 'response_timeout';
    if (started && !flushed(client)) return 'request_timeout';
    // An answer may wait for what the client does not send.
    return done || !flushed(upstream.socket) ? 'idle_timeout' : 'request_timeout';
  }

  /**
   * Whether an endpoint that broke off had nothing left to do but to wait for more of the body: a server's own timeout shows
   * the client, not the version.
   */
  wasImpatient(upstream: UpstreamConnection, reason: UpstreamFailureReason): boolean {
    if (this.#request.done || !upstream.connected || (reason !== 'reset' && reason !== 'truncated')) return false;
    const waitingSince = this.at - this.#plane.settings.timeouts.idle;
    return flushed(upstream.socket) && this.#plane.tick() - waitingSince >= PATIENCE_MS;
  }
}
