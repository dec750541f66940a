/**
 * The routing table: all that the data plane knows of Rollouts and Experiments. Plain data that structuredClone takes,
 * so that it crosses to the workers as it is. Built by `compile.ts`, read by `match.ts`.
 */
export interface RoutingTable {
  /** In no order that matters: host and path decide, and `compile` refuses two routes with the same host and path. */
  readonly routes: readonly Route[];
}

export interface Route {
  readonly name: string;
  /** Lower case, without port. Exact (`api.example.com`) or suffix (`*.example.org`: any name below it). Empty: any host. */
  readonly hosts: readonly string[];
  /** Path prefix on a segment boundary: `/a` matches `/a` and `/a/b`, never `/ab`. `/` matches everything. */
  readonly path: string;
  /** Every version that a request of this route can reach. The indexes below point into this list. */
  readonly versions: readonly Version[];
  /** In order of precedence; the first that matches wins. */
  readonly rules: readonly HeaderRule[];
  /** The experiment header of the route, looked at after `rules`. */
  readonly experiments: ExperimentHeader | null;
  /** What the weighted choice chooses from. Weights are integers >= 0 with a sum above 0, or the list is empty. */
  readonly split: readonly Share[];
  /** Absent: no TLS. */
  readonly tls?: UpstreamTls;
  /** Absent: its endpoints are not checked. */
  readonly healthCheck?: HealthCheck;
  /** Milliseconds in which a new endpoint comes to its full share. Absent: at once. */
  readonly slowStart?: number;
}

/** How the endpoints of a route are spoken to. */
export interface UpstreamTls {
  /** PEM: the authorities that are trusted; null: those of the system. */
  readonly ca: string | null;
  /** The name that is asked for (SNI) and must be in the certificate; null: the endpoint's host. */
  readonly serverName: string | null;
  /** False: any certificate will do. */
  readonly verify: boolean;
}

/** How endpoints are asked how they are. Times in milliseconds. */
export interface HealthCheck {
  /** Of the request; begins with `/` and may have a query. */
  readonly path: string;
  /** From the end of one check to the next, a tenth more or less. */
  readonly interval: number;
  /** For the connection and the head of the answer together. */
  readonly timeout: number;
  /** Good answers in a row that make an unhealthy endpoint healthy. */
  readonly healthy: number;
  /** Failures in a row that make a healthy endpoint unhealthy. */
  readonly unhealthy: number;
  /** The statuses of good answers, both included. */
  readonly statuses: readonly [least: number, most: number];
  /** The Host field; null: the endpoint's `host:port`. */
  readonly host: string | null;
}

/** What a version is to its Rollout at the moment. */
export type Role = 'stable' | 'canary' | 'active' | 'preview' | 'experiment' | 'static';

export interface Version {
  /** Survives a change of role: `<namespace>/<rollout>/<hash>`, `<namespace>/<experiment>/<template>` or `static/<route>/<name>`. */
  readonly key: string;
  readonly role: Role;
  /** The pod-template-hash, or a static version's name: the `version` label. */
  readonly name: string;
  /** Labels; empty where they do not apply. */
  readonly namespace: string;
  readonly rollout: string;
  readonly experiment: string;
  /** Indexes of the versions that answer when this one has no usable endpoint, in order of preference. */
  readonly fallback: readonly number[];
}

export interface Share {
  readonly version: number;
  readonly weight: number;
}

/** Why a named version is answered by another one: the `reason` label of `fallback_total`. */
export type FallbackReason = 'aborted' | 'absent' | 'not_running' | 'no_endpoints' | 'unhealthy' | 'connect_failed';

/** Where a rule leads. */
export interface Target {
  /** The version asked for, as the user names it: a role or a static version's name. The `from` label of `fallback_total`. */
  readonly asked: string;
  /** Indexes of versions; several share evenly (an experiment with several templates). Empty: nothing can answer (503). */
  readonly versions: readonly number[];
  /** Set when what was asked for does not exist now and `versions` already holds its replacement. */
  readonly reason: FallbackReason | null;
  /** False: `fallback: none`, so 503 rather than another version. */
  readonly fallback: boolean;
}

export type HeaderMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  /** RE2 syntax, matched against the whole value as Istio does. */
  | { readonly kind: 'regex'; readonly value: string }
  | { readonly kind: 'present' };

export interface HeaderRule {
  /** `route`: written in the configuration; `step`: replayed from the Rollout's setHeaderRoute steps. */
  readonly origin: 'route' | 'step';
  /** For people: `header:x-canary` or the managed route's name. */
  readonly label: string;
  /** Field name, lower case. */
  readonly header: string;
  readonly match: HeaderMatch;
  readonly target: Target;
}

export interface ExperimentHeader {
  /** Field name, lower case. */
  readonly header: string;
  /** Field value, compared whole -> target. A value that is not listed matches nothing. */
  readonly values: readonly (readonly [value: string, target: Target])[];
}

/** One usable Pod (or static address). */
export interface Endpoint {
  /** IP address or, for a static version, host name. */
  readonly host: string;
  readonly port: number;
}

/** Usable endpoints by version key, sorted by host then port. A key that is missing has none. */
export type EndpointMap = Readonly<Record<string, readonly Endpoint[]>>;
