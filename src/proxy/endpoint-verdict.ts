import { isOwnFault } from '../common/own-fault.ts';
import type { EjectionReason, UpstreamFailureReason } from '../telemetry/layout.ts';
import { recordEjection } from '../telemetry/record.ts';
import type { UpstreamConnection } from '../upstream/connection.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import type { Account } from './account.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestRelay } from './request-relay.ts';

/** Null: no fault of the endpoint. A body that pauses is how event streams look, so an idle timeout is none. */
const FAULTS: Readonly<Record<UpstreamFailureReason, EjectionReason | null>> = {
  connect_refused: 'connect',
  connect_timeout: 'connect',
  connect_error: 'connect',
  tls_error: 'connect',
  reset: 'no_answer',
  truncated: 'no_answer',
  bad_response: 'no_answer',
  response_timeout: 'no_answer',
  idle_timeout: null,
};

/** Tells the pool what exchanges show of an endpoint; counts and logs what the pool makes of it. */
export class EndpointVerdict {
  readonly #plane: DataPlane;
  readonly #account: Account;

  constructor(plane: DataPlane, account: Account) {
    this.#plane = plane;
    this.#account = account;
  }

  failed(
    endpoint: EndpointPool,
    upstream: UpstreamConnection,
    reason: UpstreamFailureReason,
    request: RequestRelay,
  ): void {
    const fault = FAULTS[reason];
    const excused = fault === 'connect' ? isOwnFault(upstream.error) : isExcused(upstream, reason, request);
    if (fault === null || excused) this.untried(endpoint);
    else this.#blame(endpoint, fault);
  }

  /** A complete response; to be called when its status is 500 or above, or when the endpoint's health is troubled. */
  answered(endpoint: EndpointPool, status: number): void {
    if (status >= 500 && this.#plane.settings.ejection?.serverErrors === true) {
      this.#blame(endpoint, 'server_error');
      return;
    }
    const { version } = this.#account;
    if (version === null || !endpoint.health.troubled) return;
    if (version.live.pool.answered(endpoint, this.#plane.tick())) this.#plane.log.returned(this.#account);
  }

  /** The exchange ended before the endpoint could show anything. */
  untried(endpoint: EndpointPool): void {
    this.#account.version?.live.pool.untried(endpoint);
  }

  #blame(endpoint: EndpointPool, reason: EjectionReason): void {
    const { version } = this.#account;
    if (version === null) return;
    const verdict = version.live.pool.failed(endpoint, this.#plane.tick(), reason === 'connect');
    if (verdict === null) return;
    if (verdict.standing === 'ejected') recordEjection(version.live.counters, reason);
    this.#plane.log.ejection(this.#account, reason, verdict);
  }
}

/** What an endpoint that is well does, too. */
function isExcused(upstream: UpstreamConnection, reason: UpstreamFailureReason, request: RequestRelay): boolean {
  // A server may close a connection that it has served on, and need not know that a request is on its way.
  if (reason === 'reset' && upstream.served > 0) return true;
  // Applications hang up on upgrades that they do not know, and on clients whose body does not come.
  return request.upgrade || !request.done;
}
