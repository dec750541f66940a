import type { HeaderMatch, HealthCheck, UpstreamTls } from '../routing/table.ts';

/** The configuration after validation: defaults filled in, durations in milliseconds, sizes in bytes. Frozen. */
export interface Config {
  readonly listen: readonly ListenConfig[];
  /** Null: no admin server. */
  readonly admin: ListenAddress | null;
  /** Number of worker threads; `auto` has become the number of cores. */
  readonly workers: number;
  readonly source: SourceConfig | null;
  /** Null: not written, so each Rollout of the source gets a route. */
  readonly routes: readonly RouteConfig[] | null;
  readonly timeouts: Timeouts;
  readonly limits: Limits;
  /** Null: `retries: false`. */
  readonly retries: Retries | null;
  /** Null: `ejection: false`. */
  readonly ejection: Ejection | null;
  /** Names of the fields that are passed on in trailer sections, in lower case. Default none: all trailers end here. */
  readonly trailers: readonly string[];
  readonly forwarded: { readonly trusted: readonly string[] };
  /** Lower case; null: off. */
  readonly versionHeader: string | null;
  readonly metrics: { readonly prefix: string; readonly httpAlias: boolean };
  readonly analysis: AnalysisConfig;
  readonly log: { readonly level: LogLevel; readonly access: boolean };
  readonly drain: { readonly delay: number; readonly timeout: number };
}

/** How versions are judged (`/api/analysis`). */
export interface AnalysisConfig {
  /** A name that stands for all replicas, a headless Service's, and their admin port. Null, the default: there is one replica. */
  readonly peers: { readonly host: string; readonly port: number } | null;
  /** Milliseconds in which the other replicas have to answer. Default 2s. */
  readonly timeout: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface ListenAddress {
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface ListenConfig extends ListenAddress {
  /** Null: no TLS. */
  readonly tls: ListenTlsConfig | null;
}

export interface ListenTlsConfig {
  /** The first one is for clients that name no host, or one that none of them is for. */
  readonly certificates: readonly CertificateConfig[];
  /** Default TLSv1.2. */
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** A certificate with its key, as their files were when the configuration was read. */
export interface CertificateConfig {
  /** Where it stands in the file, for messages: `headgate.yaml:3 listen.tls.certificates[0]`. */
  readonly place: string;
  /** The certificate's path, as it was written. */
  readonly file: string;
  /** PEM: the certificate, then the intermediate ones. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** The DNS names in the certificate, lower case; `*.example.org` stands for one label. */
  readonly names: readonly string[];
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number;
}

export type SourceConfig =
  /** Absolute paths of manifest files or folders. */
  { readonly files: readonly string[] } | { readonly kubernetes: KubernetesConfig };

export interface KubernetesConfig {
  /** Null: all. */
  readonly namespaces: readonly string[] | null;
  /** Absolute path; null: the service account of this Pod, or else what kubectl would take. */
  readonly kubeconfig: string | null;
  /** Null: the kubeconfig's current one. */
  readonly context: string | null;
}

/** Milliseconds; 0 switches a timeout off. */
export interface Timeouts {
  /** TCP connect to an endpoint. Default 5s. */
  readonly connect: number;
  /** From the first byte of a request head (or from accept) to its end: 408. Default 10s. */
  readonly requestHeaders: number;
  /** From the last byte of the request to the end of the response head: 504. Default 60s. */
  readonly responseHeaders: number;
  /** No byte moved in either direction within a message body. Default 60s. */
  readonly idle: number;
  /** A client connection between two requests. Default 75s. */
  readonly keepAlive: number;
  /** An upstream connection between two requests; a `keep-alive: timeout=` of the upstream shortens it. Default 4s, below the 5s of Node.js servers. */
  readonly upstreamIdle: number;
  /** A request that waits because every endpoint of its version is at `limits.requestsPerEndpoint`: 503. Default 5s. */
  readonly pending: number;
  /** A tunnel (WebSocket, or whatever a 101 began) in which no byte moves in either direction: both sides are cut. Default 1h. */
  readonly tunnel: number;
}

export interface Limits {
  /** Request line, in bytes, without its CRLF: 414. Default 8KiB. */
  readonly requestLineBytes: number;
  /** The whole head of a request (431) or response (502). Default 16KiB. */
  readonly headerBytes: number;
  /** Fields in a head: 431 or 502. Default 100. */
  readonly headers: number;
  /** All chunk extensions of one body together: 400 or 502. Default 4KiB. */
  readonly chunkExtensionBytes: number;
  /** What is read and thrown away of a request body after an early answer, before the connection is closed. Default 64KiB. */
  readonly drainBytes: number;
  /** Idle connections kept for each endpoint and worker, as long as `timeouts.upstreamIdle` lets them. Default 1024. */
  readonly idleUpstreamConnections: number;
  /**
   * Client connections of the process, all workers together; 0: no limit. Default `auto`, which has become 20,000, or what the
   * open files that the system allows suffice for.
   */
  readonly connections: number;
  /** Client connections of one address (IPv6: of its /64) in each worker; proxies that are trusted are exempt. 0, the default: no limit. */
  readonly connectionsPerAddress: number;
  /** Requests in flight at one endpoint, for each worker; more wait (`pending`). 0, the default: no limit. */
  readonly requestsPerEndpoint: number;
  /** Requests that wait for an endpoint of their version, for each version and worker; beyond it 503. Default 1024; 0: none waits. */
  readonly pending: number;
}

/** Sending a request a second time, where that is safe. Both numbers are for each worker and version. */
export interface Retries {
  /** At most this share of the requests of the last ten seconds. Default 20%: 0.2. */
  readonly budget: number;
  /** Retries a second that are allowed besides; what is not used can be for ten seconds. Default 3. */
  readonly minimum: number;
}

/** Leaving out endpoints that fail. Each worker judges for itself. */
export interface Ejection {
  /** Requests in a row that were not answered. Default 5. */
  readonly failures: number;
  /** Milliseconds of the first ejection; the second takes twice as long, and so on. Default 30s. */
  readonly time: number;
  /** Milliseconds of any ejection, at most. Default 5m. */
  readonly maxTime: number;
  /** Of a version's endpoints at the same time, at most; one always may. Default 50%: 0.5. */
  readonly maxShare: number;
  /** An answer of 500 or above counts as none. Default false: errors are the application's, and an analysis is to see them. */
  readonly serverErrors: boolean;
}

export interface RouteConfig {
  readonly name: string;
  /** Where it stands in the file, for messages: `headgate.yaml:12 routes[0]`. */
  readonly place: string;
  /** Lower case. Empty: any host; null: not written (with a Rollout: any host). */
  readonly hosts: readonly string[] | null;
  readonly path: string;
  /** `namespace` null: the only Rollout of that name in the source. */
  readonly rollout: { readonly namespace: string | null; readonly name: string } | null;
  /** A Service port's name or number; null: the only one. */
  readonly port: string | number | null;
  readonly headers: readonly HeaderRuleConfig[];
  readonly experiments: { readonly header: string; readonly tokens: Readonly<Record<string, string>> } | null;
  /** Null: its endpoints are spoken to without TLS. */
  readonly tls: UpstreamTls | null;
  /** Null: its endpoints are not checked. */
  readonly healthCheck: HealthCheck | null;
  /** Milliseconds in which a new endpoint's share grows to what it will be. Default 0: off. */
  readonly slowStart: number;
  /** Static versions by name; null when `rollout` is given. Exactly one of the two is set. */
  readonly versions: Readonly<Record<string, StaticVersionConfig>> | null;
}

export interface HeaderRuleConfig {
  /** Lower case. */
  readonly name: string;
  readonly match: HeaderMatch;
  /** A role (`stable`, `canary`, `active`, `preview`), or a static version's name. */
  readonly to: string;
  /** False: `fallback: none`. */
  readonly fallback: boolean;
}

export interface StaticVersionConfig {
  /** Null: by header only. */
  readonly weight: number | null;
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
}
