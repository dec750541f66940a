import type { EjectionSettings } from '../upstream/endpoint-health.ts';
import type { RetrySettings } from '../upstream/retry-budget.ts';

/** What a worker needs of the configuration. Plain data; see `src/config/config.ts` for the meaning of each number. */
export interface WorkerSettings {
  readonly timeouts: {
    readonly connect: number;
    readonly requestHeaders: number;
    readonly responseHeaders: number;
    readonly idle: number;
    readonly keepAlive: number;
    readonly upstreamIdle: number;
    readonly pending: number;
    readonly tunnel: number;
  };
  readonly limits: {
    readonly requestLineBytes: number;
    readonly headerBytes: number;
    readonly headers: number;
    readonly chunkExtensionBytes: number;
    readonly drainBytes: number;
    readonly idleUpstreamConnections: number;
    readonly connections: number;
    readonly connectionsPerAddress: number;
    readonly requestsPerEndpoint: number;
    readonly pending: number;
  };
  /** Null: no request is sent a second time. */
  readonly retries: RetrySettings | null;
  /** Null: endpoints that fail are chosen like all others. */
  readonly ejection: EjectionSettings | null;
  /** Names of trailers that are passed on, in lower case. */
  readonly trailers: readonly string[];
  /** CIDR ranges or addresses whose X-Forwarded-* and Forwarded are kept. */
  readonly trusted: readonly string[];
  /** Response header that names the version served; null: off. */
  readonly versionHeader: string | null;
  readonly accessLog: boolean;
}
