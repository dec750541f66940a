import type { CountersPatch } from '../telemetry/counters.ts';
import type { LoggerOptions } from '../telemetry/logger.ts';
import type { EndpointChanges } from '../upstream/endpoint-changes.ts';
import type { ListenerTls } from './listener-tls.ts';
import type { RouteChanges } from './route-changes.ts';
import type { WorkerSettings } from './settings.ts';

/** What a worker begins with. */
export interface WorkerStart {
  readonly settings: WorkerSettings;
  readonly counters: CountersPatch;
  readonly logLevel: LoggerOptions['level'];
  /** Its number, from 0. */
  readonly slot: number;
}

export interface ListenOn {
  readonly address: string;
  readonly port: number;
  /** Absent: no TLS. */
  readonly tls?: ListenerTls | undefined;
}

export type ToWorker =
  /** The first message. */
  | { readonly type: 'begin'; readonly start: WorkerStart }
  | { readonly type: 'listen'; readonly on: readonly ListenOn[] }
  /** A new table and what changed among the endpoints with it, so that no version of it begins empty. */
  | {
      readonly type: 'table';
      readonly routes: RouteChanges;
      readonly counters: CountersPatch;
      readonly generation: number;
      readonly changes: EndpointChanges;
    }
  | { readonly type: 'endpoints'; readonly changes: EndpointChanges }
  /** Of these versions exactly these endpoints (`host:port`) are unhealthy. */
  | { readonly type: 'health'; readonly unhealthy: Readonly<Record<string, readonly string[]>> }
  /** Other certificates, for the listeners in the order of `listen`; null: it speaks no TLS. */
  | { readonly type: 'certificates'; readonly listeners: readonly (ListenerTls | null)[] }
  /** Ask clients to go elsewhere, and go on serving. */
  | { readonly type: 'closing' }
  /** Accept nothing new; say `drained` after the last exchange, or after this time, when what is left is cut. */
  | { readonly type: 'drain'; readonly timeoutMs: number };

export type FromWorker =
  | { readonly type: 'listening'; readonly ports: readonly number[] }
  | { readonly type: 'listenFailed'; readonly on: ListenOn; readonly code: string }
  | { readonly type: 'applied'; readonly generation: number }
  /** By version key, `host:port` of all the endpoints that it leaves out because they fail. */
  | { readonly type: 'leftOut'; readonly endpoints: Readonly<Record<string, readonly string[]>> }
  /** Clean: nothing had to be cut. */
  | { readonly type: 'drained'; readonly clean: boolean };
