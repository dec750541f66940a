import { hostPort } from '../common/host-port.ts';
import type { Endpoint } from '../routing/table.ts';
import { UpstreamConnection } from './connection.ts';
import { EndpointHealth } from './endpoint-health.ts';
import type { UpstreamContext } from './upstream-context.ts';

/** The connections of one worker to one endpoint of one version. Idle ones are reused last in, first out. */
export class EndpointPool {
  readonly endpoint: Endpoint;
  /** `host:port`, for the access log. */
  readonly name: string;
  /** Exchanges in flight: what least-requests balancing compares. */
  active = 0;
  /** No longer listed: nothing new starts here, and connections close as they become idle. */
  retired = false;
  readonly health = new EndpointHealth();
  /** When it was first listed, or last found healthy again: milliseconds of the worker's clock. */
  since = 0;
  /** (0, 1]: below 1 while it is new, where its route starts endpoints slowly. */
  warmth = 1;
  /** It is among its version's `WatchedEndpoints`, which alone sets it. */
  watched = false;
  readonly #idle: UpstreamConnection[] = [];
  readonly #maxIdle: number;
  readonly #maxActive: number;
  /** Told when one of `maxActive` exchanges is over; null where there is no such limit. */
  readonly #onRoom: (() => void) | null;
  #tls: UpstreamContext | null = null;

  /** @param maxActive exchanges in flight; Infinity: any number. */
  constructor(endpoint: Endpoint, maxIdle: number, maxActive = Infinity, onRoom: (() => void) | null = null) {
    this.endpoint = endpoint;
    this.name = hostPort(endpoint.host, endpoint.port);
    this.#maxIdle = maxIdle;
    this.#maxActive = maxActive;
    this.#onRoom = onRoom;
  }

  /** As many exchanges in flight as there may be. */
  get full(): boolean {
    return this.active >= this.#maxActive;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** An idle connection, or a new one that is still connecting. `fresh` asks for a new one. */
  acquire(fresh: boolean): UpstreamConnection {
    this.active += 1;
    if (!fresh) {
      for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
        if (connection.unsettled) return this.#acquireSettled(connection);
        if (connection.socket.writable) return connection;
        connection.destroy();
      }
    }
    return this.#connect();
  }

  /** Gives back a connection whose exchange is complete on both sides. */
  release(connection: UpstreamConnection, idleUntil: number): void {
    this.#freed();
    connection.user = null;
    connection.served += 1;
    if (
      this.retired ||
      !connection.socket.writable ||
      connection.tls !== this.#tls ||
      this.#idle.length >= this.#maxIdle
    ) {
      connection.destroy();
      return;
    }
    connection.idleUntil = idleUntil;
    this.#idle.push(connection);
  }

  /** Ends a connection whose exchange did not complete. */
  discard(connection: UpstreamConnection): void {
    this.#freed();
    connection.user = null;
    connection.destroy();
  }

  /**
   * Closes connections that have been idle for too long: anywhere in the list, as a server's hint shortens some deadlines.
   * @returns whether the next sweep may find something, though nobody asks for the endpoint
   */
  sweep(now: number): boolean {
    const idle = this.#idle;
    let kept = 0;
    let timed = this.active > 0 || this.health.timed;
    for (const connection of idle) {
      if (connection.idleUntil <= now) {
        connection.destroy();
      } else {
        idle[kept] = connection;
        kept += 1;
        if (connection.idleUntil !== Infinity) timed = true;
      }
    }
    idle.length = kept;
    return timed;
  }

  /** How new connections are made from now on; those that were made otherwise end. Null: no TLS. */
  secure(tls: UpstreamContext | null): void {
    if (tls === this.#tls) return;
    this.#tls = tls;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  retire(): void {
    this.retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  #freed(): void {
    this.active -= 1;
    if (this.#onRoom !== null) this.#onRoom();
  }

  #connect(): UpstreamConnection {
    return new UpstreamConnection(this.endpoint, (connection) => this.#forget(connection), this.#tls);
  }

  /** The last used that has come to rest, or a new one. @param last has not; it stays for the next */
  #acquireSettled(last: UpstreamConnection): UpstreamConnection {
    this.#idle.push(last);
    const index = this.#idle.findLastIndex(({ unsettled, socket }) => !unsettled && socket.writable);
    return this.#idle.splice(index, index < 0 ? 0 : 1)[0] ?? this.#connect();
  }

  #forget(connection: UpstreamConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}
