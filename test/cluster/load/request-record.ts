/** What is known of one request once it has ended. Times are epoch milliseconds with a fraction. */
export interface RequestRecord {
  /** Sent as `x-request-id`; unique in the process. */
  readonly id: string;
  readonly stream: string;
  readonly method: string;
  /** `host:port` of the proxy that the last attempt was sent to. */
  readonly target: string;
  /** When the request was due. Latency counts from here. */
  readonly scheduledAt: number;
  /** When its last attempt was written. */
  readonly sentAt: number;
  readonly endedAt: number;
  /** 1, unless it was repeated as a careful client may (see `mayRepeat`). */
  readonly attempts: number;
  /** Null when no complete response came. */
  readonly status: number | null;
  /** Null when a complete response came; otherwise why not. */
  readonly error: string | null;
  /** The `x-request-id` of the response. */
  readonly echoed: string | null;
  /** The name of the Pod that answered, as it says in `x-pod`. */
  readonly pod: string | null;
  /** Its `rollouts-pod-template-hash`, from `x-pod-hash`. */
  readonly hash: string | null;
  /** `x-version`. */
  readonly version: string | null;
  /** When the Pod had the request's head, by the Pod's own clock. */
  readonly receivedAt: number | null;
  /** Whether the Pod received exactly the body that was sent. Always true of a complete answer to a request that has none. */
  readonly bodyIntact: boolean;
}
