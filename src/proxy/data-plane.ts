import { createServer, type Server, type Socket } from 'node:net';
import type { ChunkedLimits } from '../http1/chunked.ts';
import { RequestHead } from '../http1/request-head.ts';
import { ResponseHead } from '../http1/response-head.ts';
import { TrailerNames } from '../http1/trailer-names.ts';
import { Matcher } from '../routing/match.ts';
import type { Route, RoutingTable, Version } from '../routing/table.ts';
import { type CountersPatch, WorkerCounters } from '../telemetry/counters.ts';
import { seriesKey } from '../telemetry/keys.ts';
import {
  CONNECTION_REFUSALS,
  CONNECTIONS_ACCEPTED,
  CONNECTIONS_OPEN,
  CONNECTIONS_REFUSED_BASE,
  type ConnectionRefusal,
  TABLE_GENERATION,
  TLS_HANDSHAKE_FAILURES,
} from '../telemetry/layout.ts';
import { add, recordUnrouted } from '../telemetry/record.ts';
import type { EndpointChanges } from '../upstream/endpoint-changes.ts';
import { HEADROOM, slabs } from '../upstream/slabs.ts';
import { UpstreamContexts } from '../upstream/upstream-contexts.ts';
import { Upstreams } from '../upstream/upstreams.ts';
import type { VersionPool } from '../upstream/version-pool.ts';
import { Admission } from './admission.ts';
import { causeOf } from './causes.ts';
import { ClientConnection } from './client-connection.ts';
import { localResponse } from './client-response.ts';
import { ConnectionSweep } from './connection-sweep.ts';
import type { ListenerTls } from './listener-tls.ts';
import { LiveVersion } from './live-version.ts';
import { plainAddress, TrustedPeers } from './peer.ts';
import { Pooled } from './pooled.ts';
import type { ProxyLog } from './proxy-log.ts';
import { Http1RequestView } from './request-view.ts';
import { Scratch } from './scratch.ts';
import { ServerContexts } from './server-contexts.ts';
import type { WorkerSettings } from './settings.ts';
import { type TlsClientSocket, tlsClientSocket } from './tls-client-socket.ts';

/** Milliseconds, monotonic; only differences matter. */
export interface Clock {
  now(): number;
}

/** A timeout is at most this much late. */
export const SWEEP_MS = 250;
/** The small bodies that go out with a head in one write. */
const SCRATCH_BYTES = 65_536;
const EMPTY_TABLE: RoutingTable = { routes: [] };

/** Everything that one worker shares among its connections. Knows no thread: a test can run one in its own. */
export class DataPlane {
  readonly settings: WorkerSettings;
  readonly log: ProxyLog;
  readonly trusted: TrustedPeers;
  readonly chunkedLimits: ChunkedLimits;
  /** Null: none is passed on. */
  readonly trailerNames: TrailerNames | null;
  readonly counters: WorkerCounters;
  readonly connections = new Set<ClientConnection>();
  readonly requestHeads: Pooled<RequestHead>;
  readonly responseHeads: Pooled<ResponseHead>;
  readonly scratch: Scratch;
  readonly view: Http1RequestView;
  readonly upstreams: Upstreams;
  matcher: Matcher<LiveVersion> = new Matcher<LiveVersion>(EMPTY_TABLE, (route, version) =>
    this.#attach(route, version),
  );
  /** Responses ask their clients to go elsewhere. */
  draining = false;
  /** Connections close as soon as they are idle. */
  stopping = false;
  dateText = '';
  dateLine: Buffer = Buffer.alloc(0);
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #servers: Server[] = [];
  /** Of each server; null: it speaks no TLS. */
  readonly #contexts: (ServerContexts | null)[] = [];
  readonly #upstreamContexts = new UpstreamContexts();
  #now: number;
  /** How many tables there have been. */
  #tables = 0;
  #dateSecond = -1;
  /** A link with the wrong scheme, most likely: who follows it shall know why nothing comes. */
  readonly #answerPlain = (): Buffer => {
    const { name, status } = causeOf('plain_http');
    recordUnrouted(this.counters.worker, status);
    return localResponse(status, name, { head: false, close: true, date: this.dateText });
  };
  readonly #sweep = new ConnectionSweep(this.connections, () => this.#now);
  readonly #onTurn = (pool: VersionPool): void => this.log.turned(pool, this.matcher.routes);
  #onEmpty: (() => void) | null = null;

  constructor(settings: WorkerSettings, counters: CountersPatch, log: ProxyLog, clock: Clock = performance) {
    const { limits } = settings;
    this.settings = settings;
    this.trusted = new TrustedPeers(settings.trusted);
    this.counters = new WorkerCounters(counters);
    this.#admission = new Admission(settings, this.trusted, this.counters);
    this.chunkedLimits = {
      chunkExtensionBytes: limits.chunkExtensionBytes,
      trailerBytes: limits.headerBytes,
      trailers: limits.headers,
    };
    this.trailerNames = settings.trailers.length === 0 ? null : new TrailerNames(settings.trailers);
    this.requestHeads = new Pooled(() => new RequestHead(limits));
    this.responseHeads = new Pooled(() => new ResponseHead(limits));
    // A head may be all Host, which goes out twice.
    this.scratch = new Scratch(2 * limits.headerBytes + HEADROOM + SCRATCH_BYTES);
    this.view = new Http1RequestView(new RequestHead(limits), Buffer.alloc(0));
    this.upstreams = new Upstreams({
      maxIdle: limits.idleUpstreamConnections,
      maxActive: limits.requestsPerEndpoint,
      maxPending: limits.pending,
      retries: settings.retries,
      ejection: settings.ejection,
    });
    this.log = log;
    this.#clock = clock;
    this.#now = clock.now();
    this.#setDate();
  }

  /** Reads the clock. Whatever needs no exact time uses `deadline`, which does not. */
  tick(): number {
    this.#now = this.#clock.now();
    return this.#now;
  }

  /** The clock's time in `ms` milliseconds from the last look at it; 0 switches a timeout off. */
  deadline(ms: number): number {
    return ms === 0 ? Number.POSITIVE_INFINITY : this.#now + ms;
  }

  /** Until when an upstream connection may lie idle; its `keep-alive: timeout=` less one second for the way (-1: none). */
  upstreamIdleUntil(seconds: number): number {
    const own = this.settings.timeouts.upstreamIdle;
    const hint = seconds < 0 ? Number.POSITIVE_INFINITY : Math.max(0, seconds - 1) * 1000;
    if (hint === Number.POSITIVE_INFINITY) return this.deadline(own);
    return this.#now + (own === 0 ? hint : Math.min(own, hint));
  }

  /** Swaps the table between two requests. A request that has begun keeps its decision. */
  applyTable(table: RoutingTable, patch: CountersPatch, generation: number): void {
    this.counters.apply(patch);
    for (const route of this.matcher.routes) for (const { live } of route.candidates) live.showEjected(0);
    this.matcher = new Matcher(table, (route, version) => this.#attach(route, version), this.matcher);
    this.#name();
    this.#upstreamContexts.retain(table);
    this.#showEjected();
    this.counters.worker[TABLE_GENERATION] = generation;
  }

  applyEndpoints(changes: EndpointChanges): void {
    this.upstreams.update(changes, this.tick());
  }

  /** What health checks have found: of these versions, by key, exactly these endpoints are unhealthy. */
  applyHealth(unhealthy: Readonly<Record<string, readonly string[]>>): void {
    const now = this.tick();
    for (const [key, names] of Object.entries(unhealthy)) this.upstreams.of(key).checked(new Set(names), now);
  }

  /** Accepts connections. Resolves with the port; rejects with the system's error. */
  listen(address: string, port: number, reusePort: boolean, tls: ListenerTls | null = null): Promise<number> {
    const contexts = tls === null ? null : new ServerContexts(tls);
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, contexts));
    this.#servers.push(server);
    this.#contexts.push(contexts);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, reusePort, backlog: 4096 }, () => {
        server.removeListener('error', reject);
        // A connection is lost, the worker is not.
        server.on('error', (error) => {
          this.#countRefused('accept_failed');
          this.log.connectionRefused('accept_failed', error.message);
        });
        const bound = server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
      });
    });
  }

  /** Other certificates for the listeners, in the order in which they were made; connections that stand keep theirs. */
  renewCertificates(listeners: readonly (ListenerTls | null)[]): void {
    for (const [index, tls] of listeners.entries()) if (tls !== null) this.#contexts[index]?.update(tls);
  }

  /**
   * To be called every SWEEP_MS: timeouts, idle upstream connections, the Date field.
   * @returns true: other endpoints are left out than at the last sweep
   */
  sweep(): boolean {
    const now = this.tick();
    this.#setDate();
    this.#sweep.begin();
    slabs.trim();
    const changed = this.upstreams.sweep(now, this.#onTurn);
    if (changed) this.#showEjected();
    return changed;
  }

  /** Stops accepting, closes idle connections, and resolves when the last exchange is over. */
  drain(): Promise<void> {
    this.draining = true;
    this.stopping = true;
    for (const server of this.#servers) server.close();
    for (const connection of this.connections) connection.drain();
    if (this.connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  connectionClosed(connection: ClientConnection): void {
    add(this.counters.worker, CONNECTIONS_OPEN, -1);
    this.connections.delete(connection);
    this.#admission.leave(connection.client.address);
    if (this.connections.size === 0) this.#onEmpty?.();
  }

  /** Ends everything at once. Answers that are under way are cut. */
  destroy(): void {
    for (const server of this.#servers) server.close();
    for (const connection of this.connections) connection.destroy();
    this.upstreams.closeIdle();
  }

  /**
   * Beyond a limit a connection is reset before anything is read or made for it: an answer would cost what the limit is to
   * save (HAProxy's `tcp-request connection reject` and Envoy's connection limits give none), and a reset leaves no TIME_WAIT.
   */
  #accept(socket: Socket, contexts: ServerContexts | null): void {
    const address = plainAddress(socket.remoteAddress);
    const refusal = this.#admission.enter(address);
    if (refusal !== null) {
      socket.on('error', () => {});
      socket.resetAndDestroy();
      this.#countRefused(refusal);
      this.log.connectionRefused(refusal, address);
      return;
    }
    add(this.counters.worker, CONNECTIONS_ACCEPTED, 1);
    add(this.counters.worker, CONNECTIONS_OPEN, 1);
    const client = contexts === null ? socket : this.#secure(socket, contexts, address);
    this.connections.add(new ClientConnection(this, client, address));
  }

  #countRefused(reason: ConnectionRefusal): void {
    add(this.counters.worker, CONNECTIONS_REFUSED_BASE + CONNECTION_REFUSALS.indexOf(reason), 1);
  }

  /** The handshake has its time like a request's head: a connection that has sent nothing is cut by the same sweep. */
  #secure(raw: Socket, contexts: ServerContexts, address: string): TlsClientSocket {
    const socket = tlsClientSocket(raw, contexts.options, this.#answerPlain);
    let failure = 'CLOSED';
    socket.once('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    socket.once('close', () => {
      // One that came and went without a word was a probe of the port.
      if (socket.established || raw.bytesRead === 0) return;
      add(this.counters.worker, TLS_HANDSHAKE_FAILURES, 1);
      this.log.handshakeFailed(address, failure);
    });
    return socket;
  }

  /** Forgets the pools that the table does not name. Of several routes to one version the first says how its endpoints start. */
  #name(): void {
    const now = this.tick();
    this.#tables += 1;
    for (const { source, candidates } of this.matcher.routes) {
      for (const { live } of candidates) {
        if (live.pool.namedBy === this.#tables) continue;
        live.pool.namedBy = this.#tables;
        live.pool.startSlowly(source.slowStart ?? 0, now);
      }
    }
    this.upstreams.retain(this.#tables);
  }

  /** A version's pool is the same for all its series, and its series change with its role. */
  #showEjected(): void {
    for (const route of this.matcher.routes) {
      for (const { live } of route.candidates) live.showEjected(live.pool.ejected);
    }
  }

  #attach(route: Route, version: Version): LiveVersion {
    const counters = this.counters.series(seriesKey(route.name, version));
    const pool = this.upstreams.of(version.key);
    pool.secure(route.tls === undefined ? null : this.#upstreamContexts.of(route.tls));
    return new LiveVersion(version, pool, counters, this.settings.versionHeader);
  }

  #setDate(): void {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second === this.#dateSecond) return;
    this.#dateSecond = second;
    this.dateText = `date: ${new Date(now).toUTCString()}\r\n`;
    this.dateLine = Buffer.from(this.dateText, 'latin1');
  }
}
