import type { WorkerCounters } from '../telemetry/counters.ts';
import { CONNECTIONS_OPEN, type ConnectionRefusal } from '../telemetry/layout.ts';
import type { TrustedPeers } from './peer.ts';
import type { WorkerSettings } from './settings.ts';

/** Which connections of clients are taken: `limits.connections` and `limits.connectionsPerAddress`. */
export class Admission {
  readonly #counters: WorkerCounters;
  readonly #trusted: TrustedPeers;
  readonly #most: number;
  readonly #mostPerAddress: number;
  /** Connections by the address that is counted; empty where there is no such limit. */
  readonly #addresses = new Map<string, number>();

  constructor(settings: WorkerSettings, trusted: TrustedPeers, counters: WorkerCounters) {
    this.#counters = counters;
    this.#trusted = trusted;
    this.#most = settings.limits.connections;
    this.#mostPerAddress = settings.limits.connectionsPerAddress;
  }

  /**
   * Takes a connection in, to be told of with `leave`, or says why not. Workers look at each other's counts without a lock,
   * so two that accept in the same instant may both take the last place.
   */
  enter(address: string): ConnectionRefusal | null {
    if (this.#most !== 0 && this.#open() >= this.#most) return 'connections';
    if (!this.#counts(address)) return null;
    const key = countedAddress(address);
    const count = this.#addresses.get(key) ?? 0;
    if (count >= this.#mostPerAddress) return 'connections_per_address';
    this.#addresses.set(key, count + 1);
    return null;
  }

  leave(address: string): void {
    if (!this.#counts(address)) return;
    const key = countedAddress(address);
    const count = (this.#addresses.get(key) ?? 0) - 1;
    if (count > 0) this.#addresses.set(key, count);
    else this.#addresses.delete(key);
  }

  /** Many clients have the address of a proxy. */
  #counts(address: string): boolean {
    return this.#mostPerAddress !== 0 && !this.#trusted.includes(address);
  }

  /** Of the whole process. */
  #open(): number {
    let open = 0;
    for (const worker of this.#counters.workers) open += worker[CONNECTIONS_OPEN] ?? 0;
    return open;
  }
}

/** An IPv6 address stands for its /64: that is what one client is given, and it may use every address in it (RFC 6177). */
export function countedAddress(address: string): string {
  if (!address.includes(':')) return address;
  const [before = '', after] = address.split('::');
  const front = before === '' ? [] : before.split(':');
  // The system writes the shortest form; what "::" stands for is 0.
  const back = after === undefined || after === '' ? [] : after.split(':');
  const gap = after === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array.from({ length: Math.max(0, gap) }, () => '0'), ...back].slice(0, 4).join(':');
}
