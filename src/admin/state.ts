import type { AnalysisAnswer, Reply } from '../analysis/analysis.ts';
import type { PeerAnswer } from '../analysis/peer-protocol.ts';
import type { EndpointMap, RoutingTable } from '../routing/table.ts';
import type { ExpositionFormat } from '../telemetry/exposition.ts';
import type { RecentTraffic } from '../telemetry/recent-traffic.ts';

/** What the admin server shows. Each member is called for each request that needs it. */
export interface AdminState {
  /** Null: ready. Otherwise one line that says why not: no table yet, draining. */
  unready(): string | null;
  /** `body` in pieces. */
  metrics(format: ExpositionFormat): Promise<{ readonly contentType: string; readonly body: readonly Uint8Array[] }>;
  table(): TableState;
  /** What `/api/live` shows besides the table. */
  live(): LiveState;
  /** Which version such a request would get and why; written out as JSON. */
  explain(query: ExplainQuery): unknown;
  /** Whether a version is worse than another one. */
  analysis(query: URLSearchParams): Promise<Reply<AnalysisAnswer>>;
  /** What another replica asks for, so as to judge by all of them. */
  analysisBlocks(query: URLSearchParams): Reply<PeerAnswer>;
}

export interface LiveState {
  readonly recent: RecentTraffic;
  /** Headgate's own version. */
  readonly version: string;
  /** Milliseconds since 1970, as is `now`. */
  readonly startedAt: number;
  readonly now: number;
}

export interface TableState {
  /** Of the newest table; 0: there is none yet. */
  readonly generation: number;
  /** The generation that each worker applies, by slot. */
  readonly workers: readonly number[];
  readonly table: RoutingTable;
  readonly endpoints: EndpointMap;
  /** By route, what gave its weights. */
  readonly reasons: Readonly<Record<string, string>>;
  /** What health checks know of the endpoints of a version, by `host:port`; null: they are not checked. */
  readonly healthOf: (key: string) => Readonly<Record<string, string>> | null;
  /** How many workers leave out an endpoint of a version because it fails, by `host:port`; only those that are left out. */
  readonly leftOut: (key: string) => Readonly<Record<string, number>>;
  readonly problems: readonly { readonly place: string; readonly message: string; readonly remedy: string }[];
}

export interface ExplainQuery {
  readonly host: string;
  /** Begins with `/`; may have a query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}
